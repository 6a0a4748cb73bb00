/**
 * view — a snapshot read as settings, with policy banks laid over it.
 *
 * A view holds the snapshot's variables, shared by all views, and the few entries that its banks changed.
 * Values are handed out as they stand in the snapshot, so repeated reads cost two Map look-ups. Imports
 * neither the language nor the table of settings: daemon children load this and nothing more.
 * Source: spec/config, Policy banks.
 */
import {AmavisError, errorText} from '../errors.ts'
import {isTrue, numberOfText, numberText} from './number.ts'
import {itemsOf} from './scalar.ts'
import type {BankReport, Directory, RunSub, Settings} from './settings.ts'
import type {Box, Snapshot} from './snapshot.ts'
import type {Code, HashBox, Scalar} from './value.ts'

type Variables = ReadonlyMap<string, Box>
/** Entries that differ from the variables, by name with sigil. */
type Overlay = ReadonlyMap<string, Scalar>

/** A line for the log about the loading of a bank. */
interface BankNote {
  readonly text: string
  readonly level: number
}

/** Views remembered for banks loaded on top of one; of more the one made first is forgotten. */
const REMEMBERED_VIEWS = 32

/** What all views of a configuration share. */
interface Base {
  readonly variables: Variables
  /** bare name → name with sigil of every setting a bank may have */
  readonly bankable: ReadonlyMap<string, string>
  /** where loading starts anew: entries of the built-in bank that are no variables */
  readonly own: Overlay
  readonly runSub: RunSub | undefined
}

/** What loading banks gave, and what is to be said and done each time they are loaded. */
interface Loaded {
  readonly view: View
  readonly notes: readonly BankNote[]
  readonly actions: readonly {readonly bank: string; readonly code: Code}[]
}

/** The settings of a configuration, no bank loaded. */
export function settingsOf(snapshot: Snapshot, runSub?: RunSub): Settings {
  const {variables} = snapshot
  const bankable = new Map<string, string>()
  const own = new Map<string, Scalar>()
  for (const [name, entry] of hashEntries(variables.get('%policy_bank'), '') ?? []) {
    const to = typeof entry === 'object' && entry.kind === 'ref' ? entry.to : undefined
    const full = sigilOf(to) + name
    bankable.set(name, full)
    // a file may have added or replaced entries of the built-in bank
    if (to === undefined || variables.get(full) !== to) own.set(full, asKept(full, entry))
  }
  return new View({variables, bankable, own, runSub}, own, [], undefined)
}

class View implements Settings {
  readonly bankPath: string
  readonly directory: Directory | undefined
  readonly #base: Base
  readonly #variables: Variables
  readonly #overlay: Overlay
  readonly #loaded: readonly string[]
  readonly #children = new Map<string, Loaded>()
  /** lists of names that were loaded, so that a list known from the last mail needs no key made of it */
  readonly #byList = new WeakMap<readonly string[], Loaded>()

  constructor(base: Base, overlay: Overlay, loaded: readonly string[], directory: Directory | undefined) {
    this.#base = base
    this.#variables = base.variables
    this.#overlay = overlay
    this.#loaded = loaded
    this.bankPath = loaded.join('/')
    this.directory = directory
  }

  get runSub(): RunSub | undefined {
    return this.#base.runSub
  }

  scalar(name: `$${string}`): Scalar {
    const value = this.#overlay.get(name)
    if (value !== undefined || this.#overlay.has(name)) return pointedTo(value)
    const box = this.#variables.get(name)
    if (box?.kind !== 'scalar') throw unknownName(name)
    return box.value
  }

  string(name: `$${string}`): string | undefined {
    const value = this.scalar(name)
    if (typeof value === 'string') return value
    return typeof value === 'number' ? numberText(value) : undefined
  }

  number(name: `$${string}`): number | undefined {
    const value = this.scalar(name)
    if (typeof value === 'number') return value
    return typeof value === 'string' ? numberOfText(value) : undefined
  }

  flag(name: `$${string}`): boolean {
    return isTrue(this.scalar(name))
  }

  list(name: `@${string}`): readonly Scalar[] {
    const value = this.#overlay.get(name)
    if (value !== undefined || this.#overlay.has(name)) return itemsOf(value) ?? []
    const box = this.#variables.get(name)
    if (box?.kind !== 'array') throw unknownName(name)
    return box.items
  }

  hash(name: `%${string}`): ReadonlyMap<string, Scalar> {
    const value = this.#overlay.get(name)
    if (value !== undefined || this.#overlay.has(name)) return hashOf(value)?.entries ?? NO_ENTRIES
    const box = this.#variables.get(name)
    if (box?.kind !== 'hash') throw unknownName(name)
    return box.entries
  }

  entry(name: string): Scalar {
    const full = this.#base.bankable.get(name)
    if (full === undefined) {
      const where = this.bankPath === '' ? '' : ` in bank "${this.bankPath}"`
      throw new AmavisError('AM_CONFIG', `no setting "${name}" that a policy bank can have${where}`)
    }
    if (this.#overlay.has(full)) return pointedTo(this.#overlay.get(full))
    const box = this.#variables.get(full)
    if (!box) return undefined
    return box.kind === 'scalar' ? box.value : {kind: 'ref', to: box}
  }

  withBanks(names: readonly string[], report: BankReport): Settings {
    if (names.length === 0) return this
    const {view, notes, actions} = this.#byList.get(names) ?? this.#remembered(names)
    for (const {text, level} of notes) report(text, level)
    for (const {bank, code} of actions) this.#act(bank, code, view, report)
    return view
  }

  withDirectory(directory: Directory): Settings {
    return new View(this.#base, this.#overlay, this.#loaded, directory)
  }

  #remembered(names: readonly string[]): Loaded {
    const key = names.join('\n')
    let loaded = this.#children.get(key)
    if (!loaded) {
      loaded = this.#load(names)
      for (const oldest of this.#children.keys()) {
        if (this.#children.size < REMEMBERED_VIEWS) break
        this.#children.delete(oldest)
      }
      this.#children.set(key, loaded)
    }
    this.#byList.set(names, loaded)
    return loaded
  }

  #load(names: readonly string[]): Loaded {
    const {bankable, own} = this.#base
    const notes: BankNote[] = []
    const actions: {bank: string; code: Code}[] = []
    let overlay = new Map(this.#overlay)
    let loaded = [...this.#loaded]
    for (const name of names) {
      if (name === '') {
        overlay = new Map(own)
        loaded = []
        continue
      }
      if (name === loaded.at(-1)) continue
      const bank = hashEntries(this.#variables.get('%policy_bank'), name)
      if (!bank) {
        notes.push({text: `policy bank "${name}" does not exist, ignored`, level: 5})
        continue
      }
      const over = loaded.length === 0 ? '' : ` over "${loaded.join('/')}"`
      notes.push({text: `loaded policy bank "${name}"${over}`, level: 3})
      if (name === 'MYNETS') overlay.set('$originating', 1)
      for (const [key, value] of bank) {
        const full = bankable.get(key)
        if (key === 'ACTION') {
          if (typeof value === 'object' && value.kind === 'code') actions.push({bank: name, code: value})
        } else if (full !== undefined) overlay.set(full, this.#merged(full, overlay, value))
        else notes.push({text: `loading policy bank "${name}": unknown field "${key}"`, level: -1})
      }
      if (!bank.has('policy_bank_name')) overlay.set('$policy_bank_name', name)
      loaded.push(name)
    }
    return {view: new View(this.#base, overlay, loaded, this.directory), notes, actions}
  }

  /** What a bank does beside setting values, after all of them are set; its failure changes nothing. */
  #act(bank: string, code: Code, view: View, report: BankReport): void {
    try {
      if (code.body?.kind !== 'program') return
      if (!this.runSub) throw new AmavisError('AM_CONFIG', 'subs cannot be run here')
      this.runSub(code, [undefined, bank], view)
    } catch (error) {
      report(`loading policy bank "${bank}": ACTION failed: ${errorText(error)}`, -1)
    }
  }

  /** A new value laid over the present one: hashes are merged, everything else is replaced whole. */
  #merged(full: string, overlay: Overlay, value: Scalar): Scalar {
    const fresh = hashOf(value)
    const box = this.#variables.get(full)
    const present = overlay.has(full) ? hashOf(overlay.get(full)) : box?.kind === 'hash' ? box : undefined
    if (!fresh || !present) return asKept(full, value)
    const replace = isTrue(fresh.entries.get('REPLACE'))
    const entries = new Map(replace ? fresh.entries : [...present.entries, ...fresh.entries])
    if (replace) entries.delete('REPLACE')
    return {kind: 'ref', to: {kind: 'hash', entries}}
  }
}

const NO_ENTRIES: ReadonlyMap<string, Scalar> = new Map()

/** One level of scalar reference followed: a bank's value may be `\$y`, seen live. */
function pointedTo(value: Scalar): Scalar {
  return typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'scalar'
    ? value.to.value
    : value
}

/**
 * A bank's value as it is kept. For a list setting undef is the empty list and a plain value a list of one: made
 * once, as what look-ups make of a list is remembered by its identity.
 */
function asKept(full: string, value: Scalar): Scalar {
  if (!full.startsWith('@')) return value
  const target = pointedTo(value)
  if (typeof target === 'object' && target.kind === 'ref' && target.to.kind === 'array') return target
  return {kind: 'ref', to: {kind: 'array', items: target === undefined ? [] : [target]}}
}

function hashOf(value: Scalar): HashBox | undefined {
  const target = pointedTo(value)
  return typeof target === 'object' && target.kind === 'ref' && target.to.kind === 'hash'
    ? target.to
    : undefined
}

function hashEntries(box: Box | undefined, key: string): Map<string, Scalar> | undefined {
  return box?.kind === 'hash' ? hashOf(box.entries.get(key))?.entries : undefined
}

function sigilOf(box: Box | undefined): string {
  return box?.kind === 'array' ? '@' : box?.kind === 'hash' ? '%' : '$'
}

function unknownName(name: string): AmavisError {
  return new AmavisError('AM_BUG', `no setting ${name}`)
}
