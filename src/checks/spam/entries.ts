/**
 * entries — the elements of `@spam_scanners`: name, module, and what the module takes.
 *
 * Source: spec/daemon §10.4. A module may want positional arguments (a command and its list of options) before
 * the pairs of option and value that all of them know.
 */
import {itemsOf, optionalNumber} from '../../config/scalar.ts'
import type {Scalar} from '../../config/value.ts'

export interface SpamScannerEntry {
  readonly name: string
  /** the last word of `Amavis::SpamControl::SpamAssassin` */
  readonly module: string
  /** what stands between the module and the first option */
  readonly positional: readonly Scalar[]
  readonly options: ReadonlyMap<string, Scalar>
  /** of the score, its tests unchanged */
  readonly scoreFactor: number
  /** octets; undefined: no limit */
  readonly bodySizeLimit: number | undefined
}

const OPTIONS: ReadonlySet<string> = new Set([
  'mail_body_size_limit',
  'score_factor',
  'lock_file',
  'lock_type',
  'learner_lock_type',
  'url',
  'host',
  'port',
  'socket',
  'tls',
  'ca_file',
  'command',
  'timeout',
  'mta_name',
  'password',
  'settings_id',
  'learn_ham',
  'learn_spam',
])

export function spamScannerEntries(list: readonly Scalar[]): SpamScannerEntry[] {
  return list.flatMap(element => {
    const items = itemsOf(element)
    if (items === undefined) return []
    const [name, module, ...rest] = items
    const first = rest.findIndex(item => typeof item === 'string' && OPTIONS.has(item))
    const positional = first < 0 ? rest : rest.slice(0, first)
    const pairs = first < 0 ? [] : rest.slice(first)
    const options = new Map<string, Scalar>()
    for (let i = 0; i + 1 < pairs.length; i += 2) options.set(String(pairs[i]), pairs[i + 1])
    return [
      {
        name: String(name ?? module ?? ''),
        module: String(module ?? '').replace(/^.*::/, ''),
        positional,
        options,
        scoreFactor: optionalNumber(options.get('score_factor')) ?? 1,
        bodySizeLimit: optionalNumber(options.get('mail_body_size_limit')),
      },
    ]
  })
}
