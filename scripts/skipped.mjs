/**
 * skipped — a test reporter that says at the end which tests were skipped, and why.
 *
 * In a run of a thousand lines nobody sees the one that says so at its place.
 */

/** @param {AsyncIterable<{type: string, data: {name: string, file?: string, skip?: string | boolean}}>} events */
export default async function* skipped(events) {
  const lines = []
  for await (const {type, data} of events) {
    if (type !== 'test:pass' || data.skip === undefined || data.skip === false) continue
    lines.push(`  ${data.name}: ${data.skip === true || data.skip === '' ? 'no reason given' : data.skip}\n`)
  }
  if (lines.length > 0) yield `\nskipped tests:\n${lines.join('')}`
}
