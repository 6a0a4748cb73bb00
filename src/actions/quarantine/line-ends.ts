/**
 * line-ends — octets with CRLF line ends as octets with LF, for files that other programs read, and back again.
 *
 * Nothing is lost: a mail of ours has no bare LF, so each LF of the file was a CRLF. Bare CRs stay.
 */
export async function* withLf(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  // A CR at the end of a chunk waits for what follows it.
  let heldCr = false
  for await (const chunk of chunks) {
    const text: string = (heldCr ? '\r' : '') + chunk.toString('latin1')
    heldCr = text.endsWith('\r')
    const whole = heldCr ? text.slice(0, -1) : text
    if (whole !== '') yield Buffer.from(whole.replaceAll('\r\n', '\n'), 'latin1')
  }
  if (heldCr) yield Buffer.from('\r')
}

/** The octets of such a file as they were; a file whose first line ends with CRLF is as it is. */
export async function* withCrlf(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let hasCrlf: boolean | undefined
  let last = 0
  for await (const chunk of chunks) {
    if (hasCrlf === undefined) {
      const end = chunk.indexOf(0x0a)
      if (end >= 0) hasCrlf = (end === 0 ? last : chunk[end - 1]) === 0x0d
      last = chunk.at(-1) ?? last
    }
    yield hasCrlf === false ? Buffer.from(chunk.toString('latin1').replaceAll('\n', '\r\n'), 'latin1') : chunk
  }
}
