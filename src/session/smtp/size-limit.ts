/**
 * size-limit — how large a mail a recipient takes (`@message_size_limit_maps`), and how one that takes less
 * than was declared is refused. Pure.
 *
 * Who is to be tempfailed or to get such mail all the same by the destiny of the category Oversized has no limit
 * here at the end of DATA: the verdict decides for him. Source: spec/config §5.6.
 */
import {MAJOR} from '../../config/category.ts'
import {destinyOf, sizeLimitFor} from '../../verdict/policy.ts'
import type {Answer} from './answer.ts'
import type {SessionPolicy} from './policy.ts'

export interface RecipientLimit {
  /** beyond which this recipient alone would have the content refused; Infinity: none */
  readonly octets: number
  /** why he is no recipient of a mail of the declared size */
  readonly refusal?: Answer
}

const UNLIMITED: RecipientLimit = {octets: Number.POSITIVE_INFINITY}

/** @param declared the SIZE of MAIL, octets */
export function recipientLimit(
  address: string,
  declared: number | undefined,
  {limitsRecipients, settings}: SessionPolicy,
): RecipientLimit {
  const octets = limitsRecipients ? sizeLimitFor(settings, address) : undefined
  if (octets === undefined) return UNLIMITED
  const destiny = destinyOf(settings, {major: MAJOR.Oversized, minor: 0}, address) ?? 'PASS'
  if (destiny === 'PASS') return UNLIMITED
  const isTemporary = destiny === 'TEMPFAIL'
  if (declared !== undefined && declared > octets) {
    const status = isTemporary ? '452 4.3.4' : '552 5.3.4'
    const text = `${status} Message size (${declared} B) exceeds recipient's size limit\r\n`
    return {octets, refusal: {text}}
  }
  return isTemporary ? UNLIMITED : {octets}
}
