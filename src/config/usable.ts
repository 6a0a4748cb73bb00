/**
 * usable — a configuration for a program that cannot go on without one: all that is wrong with it is one error.
 */
import {defaultFiles, loadConfiguration} from './load.ts'
import {configErrors} from './problem.ts'
import type {LoadRequest} from './request.ts'
import type {Settings} from './settings.ts'
import type {Snapshot} from './snapshot.ts'
import {settingsOf} from './view.ts'

export interface Usable {
  readonly settings: Settings
  readonly snapshot: Snapshot
}

/** @throws AmavisError AM_CONFIG with each problem of the configuration in a line */
export function usableConfiguration(request: LoadRequest): Usable {
  const loaded = loadConfiguration(request)
  if (loaded.kind === 'failed') throw configErrors(loaded.problems)
  const {snapshot} = loaded
  return {settings: settingsOf(snapshot), snapshot}
}

/** Which configuration a program beside the daemon was started with. */
export interface ProgramOrder {
  /** absolute paths; none: the default places */
  readonly files: readonly string[]
  readonly instance: string
  /** in the place of `$MYHOME` */
  readonly home: string | undefined
}

/** @throws AmavisError AM_CONFIG with each problem of the configuration in a line */
export function configurationFor({files, instance, home}: ProgramOrder): Usable {
  return usableConfiguration({
    files: files.length > 0 ? files : defaultFiles(),
    instance,
    overrides: home === undefined ? [] : [{name: '$MYHOME', value: home}],
  })
}
