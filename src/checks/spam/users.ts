/**
 * users — as whom a mail is scanned: recipients with the same user name and preferences share a scan.
 *
 * Source: spec/daemon §10.4; spec/config, `@sa_username_maps` and `@sa_userconf_maps`.
 */
import type {Settings} from '../../config/settings.ts'
import {lookup} from '../../lookup/lookup.ts'
import {internalAddress} from '../../message/address.ts'
import type {Envelope} from '../../message/envelope.ts'

export interface ScanUser {
  /** '' for the daemon's own */
  readonly name: string
  /** file of preferences, or `sql:`, `ldap:`; '' for none */
  readonly preferences: string
  /** indices into the envelope's recipients; undefined: all */
  readonly recipients: readonly number[] | undefined
}

/** One entry for each scan that is needed; at least one. */
export function scanUsers({recipients}: Envelope, settings: Settings): readonly ScanUser[] {
  const names = settings.list('@sa_username_maps')
  const preferences = settings.list('@sa_userconf_maps')
  if (names.length === 0 && preferences.length === 0) return [EVERYBODY]
  const groups = new Map<string, {name: string; preferences: string; recipients: number[]}>()
  for (const [index, {address}] of recipients.entries()) {
    const key = internalAddress(address)
    const user = {
      name: text(lookup(names, key, settings)?.value),
      preferences: text(lookup(preferences, key, settings)?.value),
    }
    const id = `${user.name}\0${user.preferences}`
    const group = groups.get(id)
    if (group) group.recipients.push(index)
    else groups.set(id, {...user, recipients: [index]})
  }
  const all = [...groups.values()]
  return all.length === 1 ? [{...all[0]!, recipients: undefined}] : all
}

const EVERYBODY: ScanUser = {name: '', preferences: '', recipients: undefined}

/** Line ends would be commands of their own to a daemon. */
function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).replace(/[\r\n\0]/g, '') : ''
}
