/**
 * mbox — a mail as an entry of an mbox file: `From ` line, quoted lines, an empty line at the end.
 *
 * The kind known as mboxrd: each line that begins with `From ` after any number of `>` gets one more `>`.
 */

/** A line longer than this is not held back until its end. */
const HELD_LIMIT = 64 * 1024

/** `From sender@example.org Sun Nov 22 15:07:00 2026`, in UTC. */
export function fromLine(sender: string, ms: number): string {
  // Sun, 22 Nov 2026 15:07:00 GMT
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(ms).toUTCString().split(/,? /)
  const who = sender === '' ? 'MAILER-DAEMON' : sender.replace(/[\x00-\x20\x7f]/g, '_')
  return `From ${who} ${day} ${month} ${date.replace(/^0/, ' ')} ${time} ${year}\n`
}

/** The chunks of a text with LF line ends, quoted; ends with an empty line. */
export async function* quoteMbox(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let held = ''
  let withinLine = false
  for await (const chunk of chunks) {
    held += chunk.toString('latin1')
    const end = held.lastIndexOf('\n') + 1
    if (end > 0) {
      yield quoted(held.slice(0, end), withinLine)
      held = held.slice(end)
      withinLine = false
    }
    if (held.length > HELD_LIMIT) {
      yield quoted(held, withinLine)
      held = ''
      withinLine = true
    }
  }
  const ended = held === '' && !withinLine
  if (held !== '') yield quoted(held, withinLine)
  yield Buffer.from(ended ? '\n' : '\n\n')
}

function quoted(text: string, withinLine: boolean): Buffer {
  const body = text.replace(/^>*From /gm, (match, offset: number) =>
    offset === 0 && withinLine ? match : `>${match}`,
  )
  return Buffer.from(body, 'latin1')
}
