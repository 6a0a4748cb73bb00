/**
 * asked — every look-up of one mail, each explained when it is made: tables, keys tried, the entry that answered.
 *
 * A look-up that is repeated with the same banks is told once.
 */
import type {Settings} from '../../config/settings.ts'
import type {Scalar} from '../../config/value.ts'
import type {SettingsObserver} from '../../lookup/observed.ts'
import {placeOfEntry, placeOfSetting} from '../../lookup/trace-category.ts'
import {type Traced, type TraceSources, traceTables} from '../../lookup/trace-table.ts'

export interface AskedLookup extends Traced {
  /** `@spam_lovers_maps`, `%subject_tag_maps_by_ccat{6}` */
  readonly map: string
  /** an address, another key such as a virus's name, or the category that was found */
  readonly key: string
  /** banks in force, '' for none */
  readonly bankPath: string
  /** when: the stage of the pipeline */
  readonly stage: string
}

/** What has been asked so far, in order. */
export class AskedLookups implements SettingsObserver {
  readonly #sources: Omit<TraceSources, 'settings'>
  readonly #stage: () => string
  readonly #names = new Map<unknown, string>()
  readonly #asked = new Map<string, AskedLookup>()

  constructor(sources: Omit<TraceSources, 'settings'>, stage: () => string) {
    this.#sources = sources
    this.#stage = stage
  }

  get all(): readonly AskedLookup[] {
    return [...this.#asked.values()]
  }

  read(name: string, value: readonly Scalar[] | ReadonlyMap<string, Scalar>): void {
    this.#names.set(value, name)
    if (name === '@client_ipaddr_policy' && Array.isArray(value))
      for (const table of value) if (typeof table === 'object') this.#names.set(table, name)
  }

  asked(tables: readonly Scalar[], key: string, of: 'address' | 'client', settings: Settings): void {
    const map = this.#names.get(tables) ?? this.#names.get(tables[0]) ?? '(a list)'
    this.#add(map, key, settings, () =>
      traceTables(map, tables, {kind: of, address: key}, {...this.#sources, settings: plain(settings)}),
    )
  }

  chose(hash: `%${string}`, key: string, value: Scalar, settings: Settings): void {
    const isList = typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'array'
    if (isList && value.to.kind === 'array') {
      // What its tables say is asked next.
      this.#names.set(value.to.items, `${hash}{${key}}`)
      return
    }
    const sources = {...this.#sources, settings: plain(settings)}
    const written = settings.hash(hash).get(key)
    // Most entries are subs that read a simpler variable: that is the one to look at.
    const variable =
      typeof written === 'object' && written.kind === 'code' && written.body?.kind === 'setting'
        ? `$${written.body.name}`
        : undefined
    const at = variable === undefined ? placeOfEntry(hash, key, sources) : placeOfSetting(variable, sources)
    const answer = {key, value, at}
    this.#add(hash, key, settings, () => ({
      tables:
        variable === undefined ? [] : [{name: variable, kind: 'constant', at, size: 1, tried: [], answer}],
      answer,
    }))
  }

  #add(map: string, key: string, {bankPath}: Settings, trace: () => Traced): void {
    const id = `${map}\n${key}\n${bankPath}`
    if (this.#asked.has(id)) return
    // Explaining asks, too.
    this.#asked.set(id, {map, key, bankPath, stage: this.#stage(), ...trace()})
  }
}

/** The same settings without the observer, so that explaining a look-up is not told of itself. */
function plain(settings: Settings): Settings {
  return {...settings, observer: undefined}
}
