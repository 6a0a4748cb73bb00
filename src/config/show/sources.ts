/**
 * show/sources — a configuration and its defaults, read to be shown or explained.
 */

import {hashAt} from '../checks/examined.ts'
import {hostFacts} from '../host.ts'
import {type Reading, readConfiguration} from '../load.ts'
import {configError} from '../problem.ts'
import type {LoadRequest} from '../request.ts'
import {subRunner} from '../run-sub.ts'
import type {Settings} from '../settings.ts'
import {settingsOf} from '../view.ts'
import type {ShowRequest} from './shown.ts'

export interface Sources extends ShowRequest {
  /** with the banks that were asked for */
  readonly settings: Settings
}

/**
 * Read the files, and the defaults beside them.
 * @param banks loaded on top, in this order
 * @throws AmavisError AM_CONFIG when there is no such bank
 */
export function readSources(request: LoadRequest, banks: readonly string[]): Sources {
  const host = request.host ?? hostFacts()
  const reading = readConfiguration({...request, host})
  const defaults = readConfiguration({...request, host, files: [], overrides: []})
  const overridden = request.overrides?.map(({name}) => name) ?? []
  const base = settingsOf(reading.snapshot, subRunner(reading.snapshot))
  if (banks.length === 0) return {reading, defaults, overridden, settings: base}
  const view = base.withBanks(banks, (problem, level) => {
    if (level >= 5) throw configError(undefined, problem)
  })
  return {
    reading,
    defaults,
    overridden,
    settings: view,
    banks: {view, giverOf: key => giverOf(reading, banks, key)},
  }
}

/** The last of the banks that has a value for a key. */
function giverOf({snapshot}: Reading, banks: readonly string[], key: string): string | undefined {
  const all = snapshot.variables.get('%policy_bank')
  if (all?.kind !== 'hash') return undefined
  const has = (bank: string) =>
    hashAt(all.entries.get(bank))?.entries.has(key) || (key === 'originating' && bank === 'MYNETS')
  return banks.findLast(has)
}
