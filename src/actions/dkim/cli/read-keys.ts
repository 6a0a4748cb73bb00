/**
 * read-keys — the signing keys that a command is about, from the configuration.
 */
import {requestOf, sourceFlags} from '../../../config/cli/flags.ts'
import {keyExposure} from '../../../config/key-exposure.ts'
import type {Settings} from '../../../config/settings.ts'
import {usableConfiguration} from '../../../config/usable.ts'
import {type KeyAndDomain, keyBits, selectKeys} from '../key-record.ts'
import {signingKeys} from '../keys.ts'
import {ACCEPTED_RSA_BITS} from '../new-key.ts'

export const keyFlags = {config: sourceFlags.config, instance: sourceFlags.instance}

export interface KeysRead {
  readonly selected: readonly KeyAndDomain[]
  /** to be told beside the result */
  readonly warnings: readonly string[]
  /** a domain that was asked for has no key */
  readonly hasFailed: boolean
  readonly settings: Settings
}

/** @throws AmavisError AM_CONFIG for a configuration, or a key of it, that cannot be used */
export function readKeys(
  flags: {readonly config?: readonly string[] | undefined; readonly instance?: string | undefined},
  domains: readonly string[],
): KeysRead {
  const {settings} = usableConfiguration(requestOf(flags))
  const {selected, unknown} = selectKeys(signingKeys(settings), domains)
  const files = new Set(selected.flatMap(({key}) => key.file ?? []))
  const warnings = [
    ...[...files].flatMap(file => keyExposure(file) ?? []),
    ...[...new Set(selected.flatMap(one => weakness(one) ?? []))],
    ...unknown.map(domain => `no dkim_key is for ${domain}`),
    ...(selected.length === 0 && unknown.length === 0 ? ['no dkim_key is in the configuration'] : []),
  ]
  return {selected, warnings, hasFailed: unknown.length > 0, settings}
}

function weakness({number, key}: KeyAndDomain): string | undefined {
  const bits = keyBits(key)
  if (key.algorithm !== 'rsa-sha256' || bits >= ACCEPTED_RSA_BITS) return undefined
  return `key#${number} has ${bits} bits: verifiers take no rsa key below ${ACCEPTED_RSA_BITS} (RFC 8301)`
}
