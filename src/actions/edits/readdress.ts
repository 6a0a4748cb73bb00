/**
 * readdress — under which address a local recipient's copy goes on: rewritten, or with an extension that says
 * what is in it (`user+spam@…`), so that his delivery agent can file it.
 *
 * The first address is kept as ORCPT, for whoever tells the sender later. Pure.
 * Source: spec/daemon, Envelope changes; spec/config, `%addr_extension_maps_by_ccat`.
 */
import type {Settings} from '../../config/settings.ts'
import {extensionStart} from '../../lookup/address-keys.ts'
import type {Recipient} from '../../message/envelope.ts'
import {textByCategory} from '../../verdict/policy.ts'
import type {RecipientVerdict} from '../../verdict/verdict.ts'

/** The recipient as the next hop is given it; the same object where nothing changes. */
export function readdress(
  {recipient, local, categories}: Pick<RecipientVerdict, 'recipient' | 'local' | 'categories'>,
  settings: Settings,
): Recipient {
  if (!local) return recipient
  const {address} = recipient
  const delimiters = settings.string('$recipient_delimiter') ?? ''
  const rewritten = firstOf(textByCategory(settings, '%addr_rewrite_maps_by_ccat', categories, address))
  const extension =
    delimiters === ''
      ? undefined
      : textByCategory(settings, '%addr_extension_maps_by_ccat', categories, address)
  let to = rewritten ?? address
  if (extension !== undefined)
    to = withExtension(to, extension, delimiters, settings.flag('$replace_existing_extension'))
  if (to === address) return recipient
  return {...recipient, address: to, orcpt: recipient.orcpt ?? originalOf(address)}
}

/**
 * An address with an extension behind the first of the delimiters.
 * @param replaces false: one that is there already stays before it
 */
export function withExtension(
  address: string,
  extension: string,
  delimiters: string,
  replaces: boolean,
): string {
  const at = address.lastIndexOf('@')
  const domain = at < 0 ? '' : address.slice(at)
  const local = at < 0 ? address : address.slice(0, at)
  const isQuoted = /^".*"$/s.test(local)
  const text = isQuoted ? local.slice(1, -1) : local
  const start = replaces ? extensionStart(text, delimiters) : -1
  const extended = `${start < 0 ? text : text.slice(0, start)}${delimiters[0]}${extension}`
  return (isQuoted ? `"${extended}"` : extended) + domain
}

function firstOf(list: string | undefined): string | undefined {
  return list
    ?.split(',')
    .map(item => item.trim())
    .find(item => item !== '')
}

/** RFC 3461 §4.2, RFC 6533 §3 */
function originalOf(address: string): string {
  return `${/^[\x00-\x7f]*$/.test(address) ? 'rfc822' : 'utf-8'};${address}`
}
