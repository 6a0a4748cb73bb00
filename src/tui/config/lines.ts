/**
 * tui/config/lines — texts in the width of a terminal.
 */

/** Columns to write for: those of the terminal, or a readable width in a file. */
export function columnsOf(stream: {readonly columns?: number}): number {
  return Math.max(40, stream.columns ?? 100)
}

/** Octets, read as Latin-1, as a person would see them: UTF-8 if it is, and no control characters. */
export function visible(octets: string): string {
  const buffer = Buffer.from(octets, 'latin1')
  const utf8 = buffer.toString('utf8')
  const text = utf8.includes('\ufffd') ? octets : utf8
  return text.replaceAll('\t', ' ').replace(/\p{Cc}/gu, '·')
}

/** `1 error`, `2 errors`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
