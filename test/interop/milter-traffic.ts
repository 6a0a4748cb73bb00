/** milter-traffic — mail through a Postfix that has a milter, and what of it has come to the next hop. */
import {sendMail} from '../../src/demo/feed.ts'
import type {startSink} from '../../src/demo/sink.ts'
import {until} from '../support/wait.ts'

export const SENDER = 'sender@remote.test'
export const USER = 'user@example.com'
// In pieces, so that no scanner takes this file for what it holds.
export const GTUBE = [
  'XJS*C4JDBQADN1',
  '.NSBN3*2IDNEN*',
  'GTUBE-STANDARD-ANTI-UBE',
  '-TEST-EMAIL*C.34X',
].join('')
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join(
  '',
)

export interface Passage {
  /** of Postfix */
  readonly port: number
  readonly sink: Awaited<ReturnType<typeof startSink>>
}

/** What went on; notifications to the sender are not meant. */
export const passed = ({sink}: Passage) => sink.mails.filter(({recipients}) => !recipients.includes(SENDER))
export const delivered = (site: Passage): readonly string[] =>
  passed(site).map(mail => mail.octets.toString('latin1'))

export interface Mail {
  readonly subject: string
  readonly body?: string
  readonly header?: string
  readonly recipients?: readonly string[]
}

export const send = (
  {port}: Passage,
  {subject, body = 'text', header = '', recipients = [USER]}: Mail,
): Promise<string> =>
  sendMail(port, {
    sender: SENDER,
    recipient: recipients,
    octets: Buffer.from(
      `Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nFrom: ${SENDER}\r\nSubject: ${subject}\r\n${header}\r\n${body}\r\n`,
      'latin1',
    ),
  })

export async function next(site: Passage, before: number): Promise<string> {
  await until('the mail to arrive', () => delivered(site).length > before)
  return delivered(site).at(-1)!
}
