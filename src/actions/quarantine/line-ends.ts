/**
 * line-ends — octets with CRLF line ends as octets with LF, for files that other programs read.
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
