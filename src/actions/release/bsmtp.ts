/**
 * bsmtp — the envelope at the top of a BSMTP file, and the content that follows it, still dot-stuffed.
 */
import {AmavisError} from '../../errors.ts'

export interface BsmtpEnvelope {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly blocked: readonly string[]
}

export interface BsmtpFile {
  readonly envelope: BsmtpEnvelope
  readonly content: AsyncIterable<Buffer>
}

/** One of 20,000 recipients is far below. */
const ENVELOPE_LIMIT = 4 * 1024 * 1024

/** Where the content begins in the first octets of a file, whose lines all end as the first one; undefined: not in them. */
export function splitBsmtp(
  head: Buffer,
): {readonly envelope: BsmtpEnvelope; readonly content: number} | undefined {
  const lineEnd = head[head.indexOf(0x0a) - 1] === 0x0d ? '\r\n' : '\n'
  const data = `${lineEnd}DATA${lineEnd}`
  const end = head.indexOf(data, 0, 'latin1')
  return end < 0
    ? undefined
    : {envelope: envelopeOf(head.toString('utf8', 0, end).split(lineEnd)), content: end + data.length}
}

/**
 * @param chunks with CRLF line ends
 * @throws AmavisError AM_STORAGE for a file without DATA
 */
export async function readBsmtpEnvelope(chunks: AsyncIterable<Buffer>): Promise<BsmtpFile> {
  const source = chunks[Symbol.asyncIterator]()
  let held = Buffer.alloc(0)
  for (;;) {
    const split = splitBsmtp(held)
    if (split) return {envelope: split.envelope, content: after(held.subarray(split.content), source)}
    const next = await source.next()
    if (next.done || held.length > ENVELOPE_LIMIT) throw new AmavisError('AM_STORAGE', 'it is no BSMTP file')
    held = Buffer.concat([held, next.value])
  }
}

async function* after(first: Buffer, source: AsyncIterator<Buffer>): AsyncIterable<Buffer> {
  if (first.length > 0) yield first
  for (let next = await source.next(); !next.done; next = await source.next()) yield next.value
}

function envelopeOf(lines: readonly string[]): BsmtpEnvelope {
  let sender = ''
  const recipients: string[] = []
  for (const line of lines) {
    const [, verb, address = ''] =
      /^(MAIL FROM|RCPT TO):\s*<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>/i.exec(line) ?? []
    if (verb?.toUpperCase() === 'MAIL FROM') sender = address
    else if (verb !== undefined) recipients.push(address)
  }
  return {sender, recipients, blocked: recipients}
}
