/**
 * invoices — an example of custom hooks: mail that calls itself an invoice, from nobody who was seen before.
 *
 * It gets points for recipients who never pay anything, a header field that says so, and a line in a file of its own
 * when all is done. Whom the house knows is read from a file, again when it has changed.
 *
 *   $custom_hooks = '/etc/amavis/hooks/invoices.ts';
 */
import {appendFile, readFile, stat} from 'node:fs/promises'
import type {Hooks} from '../../src/pipeline/hooks/hooks.ts'

const KNOWN_SENDERS = process.env['INVOICES_KNOWN'] ?? '/etc/amavis/known-senders'
const JOURNAL = process.env['INVOICES_JOURNAL'] ?? '/var/lib/amavis/invoices.log'
const PAYERS = ['accounting@example.com']
const INVOICE = /\b(?:invoice|rechnung|facture)\b/i

let known: {readonly changedAt: number; readonly senders: ReadonlySet<string>} | undefined

/** What this process read when it last looked; children live for hours. */
async function knownSenders(): Promise<ReadonlySet<string>> {
  const {mtimeMs} = await stat(KNOWN_SENDERS)
  if (known?.changedAt !== mtimeMs) {
    const lines = (await readFile(KNOWN_SENDERS, 'utf8')).split('\n').map(line => line.trim())
    known = {changedAt: mtimeMs, senders: new Set(lines.filter(line => line !== ''))}
  }
  return known.senders
}

interface State {
  readonly isStrange: boolean
}

const hooks: Hooks<State> = {
  async new(mail) {
    const isInvoice = mail.header('Subject').some(subject => INVOICE.test(subject))
    return {isStrange: isInvoice && !(await knownSenders()).has(mail.sender.toLowerCase())}
  },
  checks(mail, {isStrange}) {
    const others = mail.recipients.filter(recipient => !PAYERS.includes(recipient))
    if (isStrange && others.length > 0) mail.addPoints('HOUSE.STRANGE_INVOICE', 3.5, others)
  },
  beforeSend(mail, {isStrange}) {
    if (isStrange) mail.addHeader('X-House-Invoice', `${mail.sender} has sent no invoice before`)
  },
  async afterSend(mail, {isStrange}) {
    if (!isStrange) return
    const sent = mail.outcomes
      .filter(({response}) => response.startsWith('2'))
      .map(({recipient}) => recipient)
    await appendFile(JOURNAL, `${JSON.stringify({id: mail.mailId, sender: mail.sender, sent})}\n`)
  },
}

export default hooks
