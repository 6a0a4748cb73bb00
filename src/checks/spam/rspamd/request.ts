/**
 * request — what Rspamd is told about a mail beside its octets: the fields of `/checkv2`.
 *
 * All recipients are named, each in a field of its own. Pure. Source: spec/daemon §10.4; Rspamd's protocol
 * documentation.
 */
import type {SpamScannerEntry} from '../entries.ts'
import type {SpamMail} from '../scanner.ts'
import type {ScanUser} from '../users.ts'

/** One value, or several of the same name; octets as characters. */
export type RequestFields = Readonly<Record<string, string | readonly string[]>>

/** What of a mail is told; the octets are given beside it. */
export type AskedMail = Pick<SpamMail, 'envelope' | 'client' | 'mailId' | 'settings'>

/**
 * @param user the recipients that are asked about, and the name under which Rspamd may know them
 */
export function requestFields(mail: AskedMail, user: ScanUser, {options}: SpamScannerEntry): RequestFields {
  const {envelope, client, mailId, settings} = mail
  const {forwarded} = client
  const recipients = user.recipients ?? [...envelope.recipients.keys()]
  const addresses = recipients.map(index => envelope.recipients[index]?.address ?? '')
  const option = (name: string) => {
    const value = options.get(name)
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  }
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['From', `<${envelope.sender}>`],
    ['IP', forwarded.get('ADDR')],
    ['Helo', forwarded.get('HELO')],
    ['Hostname', forwarded.get('NAME')],
    ['MTA-Name', option('mta_name') ?? settings.string('$myhostname')],
    ['Queue-Id', forwarded.get('IDENT') ?? mailId],
    ['User', client.user],
    ['Deliver-To', user.name || (addresses.length === 1 ? addresses[0] : undefined)],
    ['Settings-ID', option('settings_id')],
    ['Password', option('password')],
  ]
  return {
    ...Object.fromEntries(
      fields.flatMap(([name, value]) =>
        value === undefined || value === '' ? [] : [[name, octets(value, envelope.smtputf8)]],
      ),
    ),
    Rcpt: addresses.map(address => octets(`<${address}>`, envelope.smtputf8)),
  }
}

/** A value as HTTP may have it: octets as characters, no ends of lines. @param isUtf8 it is text, not octets already */
function octets(text: string, isUtf8: boolean): string {
  const clean = text.replace(/[\x00-\x1f\x7f]/g, '')
  return isUtf8 || /[^\x00-\xff]/.test(clean) ? Buffer.from(clean, 'utf8').toString('latin1') : clean
}
