/**
 * checks/categories — keys of the `*_by_ccat` settings are contents categories.
 *
 * `CC_SPAM => …` makes the text a key, which no category has (spec/config, Lexical rules).
 */
import {CATEGORY_CONSTANTS} from '../language/constants.ts'
import {SETTINGS} from '../table/table.ts'
import type {Scalar} from '../value.ts'
import {banksOf, type Examined, hashAt, type Remark} from './examined.ts'

export function* categoryKeys(config: Examined): Iterable<Remark> {
  for (const {name, kind} of SETTINGS) {
    if (!kind.startsWith('ccat→')) continue
    yield* wrongKeys(config, name, config.hash(name))
    for (const [bank, entries] of banksOf(config)) {
      const inBank = hashAt(entries.get(name.slice(1)))
      if (inBank) {
        yield* wrongKeys(config, `policy bank "${bank}", ${name.slice(1)}`, inBank.entries)
      }
    }
  }
}

function* wrongKeys(config: Examined, where: string, entries: ReadonlyMap<string, Scalar>): Iterable<Remark> {
  for (const key of entries.keys()) {
    if (/^\d+(?:,\d+)?$/.test(key) || key === 'REPLACE') continue
    const help = CATEGORY_CONSTANTS.has(key)
      ? {help: 'a constant needs a comma after it instead of "=>", and +CC_… in braces'}
      : {}
    yield {
      level: 'warning',
      at: config.entryAt(entries, key),
      message: `${where}: "${key}" is no contents category`,
      ...help,
    }
  }
}
