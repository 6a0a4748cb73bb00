/**
 * report — what a transaction with a next hop leaves in counters and in the log.
 */
import type {SmtpReply} from '../../errors.ts'
import type {Recipient} from '../../message/envelope.ts'
import type {Delivery, Purpose, RecipientResult} from './delivery.ts'

/** Spec/monitoring, Counters: names that a transaction of this purpose counts under. */
function countNames(stem: 'OutMsgs' | 'OutMsgsSize', purpose: Purpose, protocol: string): readonly string[] {
  const kind = purpose === 'Relay' ? 'Relay' : 'Submit'
  const names = ['', kind, `Proto${protocol}`, `Proto${protocol}${kind}`]
  if (purpose !== kind) names.push(purpose)
  return names.map(name => stem + name)
}

const PURPOSES: readonly Purpose[] = ['Relay', 'SubmitQuar', 'SubmitDsn', 'SubmitNotif']

interface Names {
  readonly begun: readonly string[]
  readonly sizes: readonly string[]
}

/** Names by protocol as the counters have it, and by purpose; made once. */
const NAMES = new Map<string, ReadonlyMap<Purpose, Names>>()

function namesOf(protocol: string, purpose: Purpose): Names {
  let byPurpose = NAMES.get(protocol)
  if (!byPurpose) {
    byPurpose = new Map(
      PURPOSES.map(purpose => [
        purpose,
        {
          begun: countNames('OutMsgs', purpose, protocol),
          sizes: countNames('OutMsgsSize', purpose, protocol),
        },
      ]),
    )
    NAMES.set(protocol, byPurpose)
  }
  return byPurpose.get(purpose)!
}

/** As counters name them. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  lmtp: 'LMTP',
  pipe: 'Pipe',
  bsmtp: 'BSMTP',
  local: 'Local',
  sql: 'SQL',
}

function protocolOf(method: Delivery['method']): string {
  const first = typeof method === 'string' ? method : (method[0] ?? '')
  return PROTOCOLS[first.slice(0, Math.max(0, first.indexOf(':'))).toLowerCase()] ?? 'SMTP'
}

/** One transaction, successful when anybody got the mail; those still to come count as successes. */
export function countTransaction(
  delivery: Delivery,
  results: readonly (RecipientResult | undefined)[],
): void {
  const {head, octets, from, count, purpose} = delivery
  const {begun, sizes} = namesOf(protocolOf(delivery.method), purpose)
  for (const name of begun) count(name)
  let temporary = false
  let delivered = false
  for (const result of results) {
    if (result && result.reply.code >= 500) continue
    if (result && result.reply.code >= 400) temporary = true
    else delivered = true
  }
  if (delivered) {
    count('OutMsgsDelivers')
    const size = head.length + octets.size - from
    for (const name of sizes) count(name, size)
  } else count(temporary ? 'OutMsgsAttemptFails' : 'OutMsgsRejects')
}

function isAccepted(result: RecipientResult | undefined): boolean {
  return result === undefined || result.reply.code < 300
}

/** A line for each different answer: `<mail_id> FWD from <s> -> <r>,<r2>, <options> <response>`. */
export function logResults(
  {log, mailId, purpose, sender}: Delivery,
  options: string,
  recipients: readonly Recipient[],
  results: readonly (RecipientResult | undefined)[],
): void {
  if (!log.enabled(1) && results.every(isAccepted)) return
  const byReply = new Map<SmtpReply, string[]>()
  for (const [i, recipient] of recipients.entries()) {
    const reply = results[i]?.reply
    if (!reply || !log.enabled(reply.code < 300 ? 1 : -1)) continue
    const addresses = byReply.get(reply)
    if (addresses) addresses.push(`<${recipient.address}>`)
    else byReply.set(reply, [`<${recipient.address}>`])
  }
  const verb = purpose === 'Relay' ? 'FWD' : 'SEND'
  for (const [{code, enhanced, text}, addresses] of byReply) {
    const between = options === '' ? '' : `${options} `
    log.write(
      code < 300 ? 1 : -1,
      `${mailId} ${verb} from <${sender}> -> ${addresses.join(',')}, ${between}${code} ${enhanced} ${text}`,
    )
  }
}
