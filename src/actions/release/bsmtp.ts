/**
 * bsmtp — the envelope at the top of a BSMTP file, and the content that follows it, still dot-stuffed.
 */
import {AmavisError} from '../../errors.ts'

export interface BsmtpFile {
  readonly envelope: {
    readonly sender: string
    readonly recipients: readonly string[]
    readonly blocked: readonly string[]
  }
  readonly content: AsyncIterable<Buffer>
}

/** One of 20,000 recipients is far below. */
const ENVELOPE_LIMIT = 4 * 1024 * 1024

/**
 * @param chunks with CRLF line ends
 * @throws AmavisError AM_STORAGE for a file without DATA
 */
export async function readBsmtpEnvelope(chunks: AsyncIterable<Buffer>): Promise<BsmtpFile> {
  const source = chunks[Symbol.asyncIterator]()
  let held = Buffer.alloc(0)
  for (;;) {
    const end = held.indexOf('\r\nDATA\r\n', 0, 'latin1')
    if (end >= 0) {
      const rest = held.subarray(end + 8)
      return {envelope: envelopeOf(held.toString('utf8', 0, end)), content: after(rest, source)}
    }
    const next = await source.next()
    if (next.done || held.length > ENVELOPE_LIMIT) throw new AmavisError('AM_STORAGE', 'it is no BSMTP file')
    held = Buffer.concat([held, next.value])
  }
}

async function* after(first: Buffer, source: AsyncIterator<Buffer>): AsyncIterable<Buffer> {
  if (first.length > 0) yield first
  for (let next = await source.next(); !next.done; next = await source.next()) yield next.value
}

function envelopeOf(text: string): BsmtpFile['envelope'] {
  let sender = ''
  const recipients: string[] = []
  for (const line of text.split('\r\n')) {
    const [, verb, address = ''] =
      /^(MAIL FROM|RCPT TO):\s*<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>/i.exec(line) ?? []
    if (verb?.toUpperCase() === 'MAIL FROM') sender = address
    else if (verb !== undefined) recipients.push(address)
  }
  return {sender, recipients, blocked: recipients}
}
