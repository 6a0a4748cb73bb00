/**
 * sender-lists — how a mail's senders stand with each recipient: hard black and white lists, and soft ones that
 * give points.
 *
 * Source: spec/config §6.4 and 6.5. Senders are the envelope's and the authors of the header; the envelope
 * sender may be null. Both colours may hold; the verdict knows what that means.
 */
import {isTrue} from '../../config/number.ts'
import {itemsOf, optionalNumber} from '../../config/scalar.ts'
import type {Settings} from '../../config/settings.ts'
import type {Scalar} from '../../config/value.ts'
import {lookup, lookupAll} from '../../lookup/lookup.ts'
import {internalAddress} from '../../message/address.ts'
import type {Envelope} from '../../message/envelope.ts'
import type {SenderListing} from '../finding.ts'

const UNKNOWN: SenderListing = {blacklisted: false, whitelisted: false, points: undefined}

/** One entry for each recipient, in the order of the envelope. */
export function senderListings(
  {sender, recipients}: Envelope,
  authors: readonly string[],
  settings: Settings,
): readonly SenderListing[] {
  const black = settings.list('@blacklist_sender_maps')
  const white = settings.list('@whitelist_sender_maps')
  const soft = settings.list('@score_sender_maps')
  const ownBlack = settings.scalar('$per_recip_blacklist_sender_lookup_tables')
  const ownWhite = settings.scalar('$per_recip_whitelist_sender_lookup_tables')
  const senders = [...new Set([sender, ...authors])].map(internalAddress)
  const holds = (maps: readonly Scalar[]) =>
    senders.some(address => isTrue(lookup(maps, address, settings)?.value))
  const isBlack = holds(black)
  const isWhite = holds(white)
  const hasOwn = soft.length > 0 || ownBlack !== undefined || ownWhite !== undefined
  if (!hasOwn) {
    const listing = isBlack || isWhite ? {...UNKNOWN, blacklisted: isBlack, whitelisted: isWhite} : UNKNOWN
    return recipients.map(() => listing)
  }
  return recipients.map(({address}) => {
    const key = internalAddress(address)
    const own = (tables: Scalar) => {
      const table = tables === undefined ? undefined : lookup([tables], key, settings)?.value
      return table !== undefined && holds([table])
    }
    return {
      blacklisted: own(ownBlack) || isBlack,
      whitelisted: own(ownWhite) || isWhite,
      points: softPoints(soft, key, senders, settings),
    }
  })
}

/** The first answer for any of the senders in each of the lists that the recipient has, summed. */
function softPoints(
  maps: readonly Scalar[],
  recipient: string,
  senders: readonly string[],
  settings: Settings,
): number | undefined {
  if (maps.length === 0) return undefined
  let sum: number | undefined
  for (const {value} of lookupAll(maps, recipient, settings)) {
    if (value === undefined) continue
    const tables = itemsOf(value) ?? [value]
    for (const sender of senders) {
      const points = optionalNumber(lookup(tables, sender, settings)?.value)
      if (points !== undefined) sum = (sum ?? 0) + points
    }
  }
  return sum
}
