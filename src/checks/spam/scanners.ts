/**
 * scanners — the spam scanners that `@spam_scanners` asks for, made when they are first wanted.
 *
 * A child keeps them from mail to mail: they hold connections and helper processes. Banks may have lists of their
 * own, so they are kept by the list. A module that is not known is left out, which the start says. One that cannot
 * be made to run is a scanner that fails each time: the mail goes on without its points, and the log says so.
 */
import type {Settings} from '../../config/settings.ts'
import type {Scalar} from '../../config/value.ts'
import {errorText} from '../../errors.ts'
import type {Log} from '../../log/log.ts'
import {type SpamScannerEntry, spamScannerEntries} from './entries.ts'
import type {ReportCondition, SpamScanner} from './scanner.ts'

/** What scanners are made with. */
export interface SpamScannerDeps {
  /** of the base bank, for what is the same for all mail */
  readonly settings: Settings
  readonly log: Log
  /** where this generation's SpamAssassin helper listens; undefined: it has none */
  readonly spamHelper?: string | undefined
  readonly report: ReportCondition
}

type Maker = (entry: SpamScannerEntry, deps: SpamScannerDeps) => SpamScanner | Promise<SpamScanner>

const MAKERS: Readonly<Record<string, Maker>> = {
  ExtProg: async (entry, {settings}) => (await import('./programs/ext-prog.ts')).extProg(entry, settings),
  SpamAssassin: async (entry, {spamHelper}) =>
    (await import('./spamassassin/spam-assassin.ts')).spamAssassin(entry, spamHelper),
  RspamdClient: async (entry, deps) => (await import('./rspamd/rspamd-client.ts')).rspamdClient(entry, deps),
  SpamdClient: async (entry, deps) => (await import('./spamd/spamd-client.ts')).spamdClient(entry, deps),
}

export class SpamScanners {
  readonly #deps: SpamScannerDeps
  readonly #made = new Map<readonly Scalar[], readonly SpamScanner[]>()

  constructor(deps: SpamScannerDeps) {
    this.#deps = deps
  }

  /** The scanners of these settings; a promise only the first time. */
  for(settings: Settings): readonly SpamScanner[] | Promise<readonly SpamScanner[]> {
    const list = settings.list('@spam_scanners')
    const made = this.#made.get(list)
    if (made) return made
    const entries = knownEntries(list)
    return entries.length === 0 ? this.#keep(list, []) : this.#make(list, entries)
  }

  /** For the start-up log: the scanners of these settings, and which modules there are not. */
  async describe(settings: Settings): Promise<readonly string[]> {
    const scanners = await this.for(settings)
    return [...scanners.map(({description}) => `spam scanner ${description}`), ...unknownModules(settings)]
  }

  async #make(list: readonly Scalar[], entries: readonly KnownEntry[]): Promise<readonly SpamScanner[]> {
    return this.#keep(list, await Promise.all(entries.map(known => make(known, this.#deps))))
  }

  #keep(list: readonly Scalar[], scanners: readonly SpamScanner[]): readonly SpamScanner[] {
    this.#made.set(list, scanners)
    return scanners
  }

  close(): void {
    for (const scanner of [...this.#made.values()].flat()) scanner.close()
  }
}

function unknownModules(settings: Settings): string[] {
  return spamScannerEntries(settings.list('@spam_scanners'))
    .filter(({module}) => !Object.hasOwn(MAKERS, module))
    .map(({name, module}) => `spam scanner ${name} is not used: there is no module ${module}`)
}

interface KnownEntry {
  readonly entry: SpamScannerEntry
  readonly maker: Maker
}

function knownEntries(list: readonly Scalar[]): KnownEntry[] {
  return spamScannerEntries(list).flatMap(entry => {
    const maker = Object.hasOwn(MAKERS, entry.module) ? MAKERS[entry.module] : undefined
    return maker ? [{entry, maker}] : []
  })
}

async function make({entry, maker}: KnownEntry, deps: SpamScannerDeps): Promise<SpamScanner> {
  try {
    return await maker(entry, deps)
  } catch (error) {
    return broken(entry, errorText(error))
  }
}

function broken({name}: SpamScannerEntry, reason: string): SpamScanner {
  return {
    name,
    description: `${name}: not used: ${reason}`,
    scan: async () => ({kind: 'failed', reason}),
    close: () => {},
  }
}
