/**
 * quarantined-mail — reads a mail back from quarantine: a file as it is, compressed, or in BSMTP.
 *
 * What comes out of a compressed file is bounded. The mail is held as one that has just come in.
 */
import {isAscii} from 'node:buffer'
import type {FileHandle} from 'node:fs/promises'
import {withCrlf} from '../actions/quarantine/line-ends.ts'
import {readBsmtpEnvelope} from '../actions/release/bsmtp.ts'
import {HEAD_LIMIT, readStored, type StoredMail} from '../actions/release/stored.ts'
import {AmavisError, errorText} from '../errors.ts'
import {type Octets, readHead} from '../message/octets.ts'
import {Reception} from '../session/smtp/reception.ts'
import type {Spool} from '../session/spool.ts'

export interface QuarantinedMail {
  readonly stored: StoredMail
  /** with CRLF; whoever reads it gives it back to the spool */
  readonly octets: Octets
  readonly isAscii: boolean
}

/** Of what a file holds, or unpacks to. */
const MOST_OCTETS = 1024 * 1024 * 1024
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/**
 * Closes the file.
 * @throws AmavisError AM_STORAGE for a file that is damaged, too large or no mail of ours; it names no path
 */
export async function readQuarantined(
  file: FileHandle,
  spool: Spool,
  mostOctets = MOST_OCTETS,
): Promise<QuarantinedMail> {
  try {
    const start = Buffer.alloc(10)
    const {bytesRead} = await file.read(start, 0, start.length, 0)
    const plain = file.createReadStream({start: 0, autoClose: false}) as AsyncIterable<Buffer>
    const isPacked = start.subarray(0, 2).equals(GZIP_MAGIC)
    const chunks = withCrlf(isPacked ? await unpacked(plain) : plain)
    const isBsmtp = /^(?:EHLO |HELO |LHLO |MAIL FROM:)/i.test(start.toString('latin1', 0, bytesRead))
    const bsmtp = isBsmtp ? await readBsmtpEnvelope(chunks) : undefined
    const held = new Reception(spool, mostOctets, isBsmtp)
    let ascii = true
    try {
      let isOver = false
      for await (const chunk of bsmtp?.content ?? chunks) {
        ascii &&= isAscii(chunk)
        isOver = held.push(chunk) >= 0
        await held.wait
        if (held.tooLong) throw damaged('it is too large')
        if (isOver) break
      }
      if (isBsmtp && !isOver) throw damaged('it ends early')
      if (!isBsmtp) held.close()
      await held.wait
      const octets = await held.finish()
      const stored = readStored(await readHead(octets, HEAD_LIMIT))
      if (!stored) throw damaged('it has no header section that could be read')
      return {stored: bsmtp ? {...stored, ...bsmtp.envelope} : stored, octets, isAscii: ascii}
    } catch (error) {
      held.discard()
      throw error
    }
  } catch (error) {
    throw error instanceof AmavisError ? error : damaged(errorText(error))
  } finally {
    await file.close()
  }
}

async function unpacked(source: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const [{createGunzip}, {pipeline}] = await Promise.all([import('node:zlib'), import('node:stream')])
  const gunzip = createGunzip()
  // A failing source destroys it with its error, and so reaches whoever reads it.
  pipeline(source, gunzip, () => {})
  return gunzip
}

function damaged(reason: string): AmavisError {
  return new AmavisError('AM_STORAGE', reason)
}
