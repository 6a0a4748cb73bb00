/**
 * limits — what a client may do within a unit of time, as the settings of its socket say. Pure.
 */
import type {Settings} from '../../config/settings.ts'
import {errorText} from '../../errors.ts'
import {lookupIp} from '../../lookup/ip.ts'

/** 0: no limit. Rates are for one unit of the counting server's. */
export interface ClientLimits {
  /** connections at once */
  readonly count: number
  /** connections */
  readonly rate: number
  /** MAIL commands */
  readonly message: number
  /** RCPT commands */
  readonly recipient: number
}

export type LimitName = keyof ClientLimits

export const LIMIT_SETTINGS: Readonly<Record<LimitName, `$${string}`>> = {
  count: '$smtpd_client_connection_count_limit',
  rate: '$smtpd_client_connection_rate_limit',
  message: '$smtpd_client_message_rate_limit',
  recipient: '$smtpd_client_recipient_rate_limit',
}

/** Settings never change; null: nothing is limited. */
const prepared = new WeakMap<Settings, ClientLimits | null>()

/** What is limited at a socket with these settings; undefined: nothing, as where nobody asked for it. */
export function limitsOf(settings: Settings): ClientLimits | undefined {
  let limits = prepared.get(settings)
  if (limits === undefined) {
    limits = readLimits(settings)
    prepared.set(settings, limits)
  }
  return limits ?? undefined
}

function readLimits(settings: Settings): ClientLimits | null {
  const of = (name: LimitName) => Math.max(0, Math.floor(settings.number(LIMIT_SETTINGS[name]) ?? 0))
  const limits = {count: of('count'), rate: of('rate'), message: of('message'), recipient: of('recipient')}
  return Object.values(limits).some(limit => limit > 0) ? limits : null
}

/** Whether any socket may have limits: by the settings as they are, or by a policy bank. */
export function wantsLimits(settings: Settings): boolean {
  if (limitsOf(settings)) return true
  const keys = Object.values(LIMIT_SETTINGS).map(name => name.slice(1))
  return [...settings.hash('%policy_bank').values()].some(bank => {
    if (typeof bank !== 'object' || bank.kind !== 'ref' || bank.to.kind !== 'hash') return false
    const {entries} = bank.to
    return keys.some(key => Number(entries.get(key)) > 0)
  })
}

/** Whether a client is in `@smtpd_client_event_limit_exceptions`; a list that cannot be read exempts nobody. */
export function isExempt(settings: Settings, address: string, report: (line: string) => void): boolean {
  const name = '@smtpd_client_event_limit_exceptions'
  try {
    return lookupIp(settings.list(name), address)?.value === 1
  } catch (error) {
    report(`${name}: ${errorText(error)}`)
    return false
  }
}
