/**
 * partners — an example of custom hooks: mail of partners gets the policy bank PARTNER.
 *
 * A partner is known by his mail server. How much of such mail passes and how much is blocked is counted, and
 * `amavis agent` shows it.
 *
 *   $custom_hooks = '/etc/amavis/hooks/partners.ts';
 *   $policy_bank{'PARTNER'} = {spam_kill_level_maps => [20], final_banned_destiny => D_REJECT};
 */
import type {CheckedMail, NewMail, SentMail} from '../../src/pipeline/hooks/hooks.ts'

const PARTNERS = ['.partner.example', 'mx.supplier.example']

interface State {
  readonly isPartner: boolean
}

// `new` is a reserved word: a function of another name is exported under it.
export {begin as new}

function begin(mail: NewMail): State {
  const name = mail.client.name?.toLowerCase() ?? ''
  const isPartner = PARTNERS.some(known => (known.startsWith('.') ? name.endsWith(known) : name === known))
  if (isPartner) mail.loadBank('PARTNER')
  return {isPartner}
}

export function checks(mail: CheckedMail, {isPartner}: State): void {
  if (isPartner && mail.virusNames.length > 0)
    mail.log(0, `a partner sends viruses: ${mail.virusNames.join(', ')}`)
}

export function mailDone(mail: SentMail, {isPartner}: State): void {
  if (!isPartner) return
  for (const {blocking} of mail.outcomes) mail.count(blocking ? 'PartnerBlocked' : 'PartnerPassed')
}
