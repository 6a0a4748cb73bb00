/**
 * smtp — delivers the mail to a scanner that is an MTA, and takes its reply to the data for the answer.
 *
 * From the null sender to a recipient that the entry names; the scanner delivers to nobody. Its reply is read by the
 * rules of the entry (`^2` clean, `^5` infected). Source: spec/daemon, ask_daemon; RFC 5321, RFC 2033.
 */
import {hostname} from 'node:os'
import {type Octets, readChunks} from '../../../message/octets.ts'
import {type DaemonLine, Dialogue, unexpected} from './dialogue.ts'

export interface SmtpScanOptions {
  readonly isLmtp: boolean
  /** undefined: `dummy@localhost` */
  readonly recipient: string | undefined
}

/**
 * The reply to the end of the data, or the first refusal before it.
 * @throws Error when the scanner does not answer, or says what is no reply
 */
export async function askSmtp(
  mail: Octets,
  line: DaemonLine,
  {isLmtp, recipient = 'dummy@localhost'}: SmtpScanOptions,
): Promise<string> {
  const dialogue = await Dialogue.begin(line)
  try {
    const opening: [command: string | undefined, expected: RegExp][] = [
      [undefined, /^2/],
      [`${isLmtp ? 'LHLO' : 'EHLO'} ${hostname() || 'localhost'}`, /^2/],
      ['MAIL FROM:<>', /^2/],
      [`RCPT TO:<${recipient}>`, /^2/],
      ['DATA', /^354/],
    ]
    for (const [command, expected] of opening) {
      if (command !== undefined) await dialogue.write(`${command}\r\n`)
      const said = await reply(dialogue)
      // A refusal of the envelope is not about the content.
      if (!expected.test(said)) throw unexpected(said)
    }
    await sendData(dialogue, mail)
    return await reply(dialogue)
  } finally {
    dialogue.close('QUIT\r\n')
  }
}

/** All lines of a reply, joined by LF. */
async function reply(dialogue: Dialogue): Promise<string> {
  const lines: string[] = []
  for (;;) {
    const line = await dialogue.line()
    if (!/^[2-5]\d\d(?:[ -]|$)/.test(line)) throw unexpected(line)
    lines.push(line)
    if (line[3] !== '-') return lines.join('\n')
  }
}

/** With dots doubled at the beginning of lines, wherever the octets are cut. */
async function sendData(dialogue: Dialogue, mail: Octets): Promise<void> {
  let last = '\r\n'
  for await (const octets of readChunks(mail)) {
    const text = last + octets.toString('latin1')
    await dialogue.write(text.replaceAll('\r\n.', '\r\n..').slice(last.length))
    last = text.slice(-2)
  }
  await dialogue.write(last === '\r\n' ? '.\r\n' : '\r\n.\r\n')
}
