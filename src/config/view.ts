/**
 * view — a snapshot read as settings, with policy banks laid over it.
 *
 * A view holds the snapshot's variables, shared by all views, and the few entries that its banks changed.
 * Values are handed out as they stand in the snapshot, so repeated reads cost two Map look-ups. Imports
 * neither the language nor the table of settings: daemon children load this and nothing more.
 * Source: spec/config, Policy banks.
 */
import {AmavisError} from '../errors.ts'
import {isTrue, numberOfText, numberText} from './number.ts'
import type {Settings} from './settings.ts'
import type {Box, Snapshot} from './snapshot.ts'
import type {HashBox, Scalar} from './value.ts'

type Variables = ReadonlyMap<string, Box>
/** Entries that differ from the variables, by name with sigil. */
type Overlay = ReadonlyMap<string, Scalar>

interface BankProblem {
  readonly text: string
  readonly level: number
}

/** Views remembered for banks loaded on top of one; more sets of names than this are built anew each time. */
const REMEMBERED_VIEWS = 32

/** The settings of a configuration, no bank loaded. */
export function settingsOf(snapshot: Snapshot): Settings {
  const base = hashEntries(snapshot.variables.get('%policy_bank'), '')
  const bankable = new Map<string, string>()
  const own = new Map<string, Scalar>()
  for (const [name, entry] of base ?? []) {
    const to = typeof entry === 'object' && entry.kind === 'ref' ? entry.to : undefined
    const full = sigilOf(to) + name
    bankable.set(name, full)
    // a file may have added or replaced entries of the built-in bank
    if (to === undefined || snapshot.variables.get(full) !== to) own.set(full, entry)
  }
  return new View(snapshot.variables, bankable, own, own, [])
}

class View implements Settings {
  readonly bankPath: string
  readonly #variables: Variables
  /** bare name → name with sigil of every setting a bank may have */
  readonly #bankable: ReadonlyMap<string, string>
  /** where loading starts anew: entries of the built-in bank that are no variables */
  readonly #own: Overlay
  readonly #overlay: Overlay
  readonly #loaded: readonly string[]
  readonly #children = new Map<string, {view: Settings; problems: BankProblem[]}>()

  constructor(
    variables: Variables,
    bankable: ReadonlyMap<string, string>,
    own: Overlay,
    overlay: Overlay,
    loaded: readonly string[],
  ) {
    this.#variables = variables
    this.#bankable = bankable
    this.#own = own
    this.#overlay = overlay
    this.#loaded = loaded
    this.bankPath = loaded.join('/')
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
    if (value !== undefined || this.#overlay.has(name)) return asList(value)
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
    const full = this.#bankable.get(name)
    if (full === undefined) {
      const where = this.bankPath === '' ? '' : ` in bank "${this.bankPath}"`
      throw new AmavisError('AM_CONFIG', `no setting "${name}" that a policy bank can have${where}`)
    }
    if (this.#overlay.has(full)) return pointedTo(this.#overlay.get(full))
    const box = this.#variables.get(full)
    if (!box) return undefined
    return box.kind === 'scalar' ? box.value : {kind: 'ref', to: box}
  }

  withBanks(names: readonly string[], report: (problem: string, level: number) => void): Settings {
    if (names.length === 0) return this
    const key = names.join('\n')
    let child = this.#children.get(key)
    if (!child) {
      const problems: BankProblem[] = []
      child = {view: this.#load(names, problems), problems}
      if (this.#children.size < REMEMBERED_VIEWS) this.#children.set(key, child)
    }
    for (const {text, level} of child.problems) report(text, level)
    return child.view
  }

  #load(names: readonly string[], problems: BankProblem[]): Settings {
    let overlay = new Map(this.#overlay)
    let loaded = [...this.#loaded]
    for (const name of names) {
      if (name === '') {
        overlay = new Map(this.#own)
        loaded = []
        continue
      }
      const bank = hashEntries(this.#variables.get('%policy_bank'), name)
      if (!bank) {
        problems.push({text: `policy bank "${name}" does not exist, ignored`, level: 5})
        continue
      }
      if (name === loaded.at(-1)) continue
      if (name === 'MYNETS') overlay.set('$originating', 1)
      for (const [key, value] of bank) {
        if (key === 'ACTION') continue
        const full = this.#bankable.get(key)
        if (full !== undefined) overlay.set(full, this.#merged(full, overlay, value))
        else problems.push({text: `loading policy bank "${name}": unknown field "${key}"`, level: -1})
      }
      if (!bank.has('policy_bank_name')) overlay.set('$policy_bank_name', name)
      loaded.push(name)
    }
    return new View(this.#variables, this.#bankable, this.#own, overlay, loaded)
  }

  /** A new value laid over the present one: hashes are merged, everything else is replaced whole. */
  #merged(full: string, overlay: Overlay, value: Scalar): Scalar {
    const fresh = hashOf(value)
    const box = this.#variables.get(full)
    const present = overlay.has(full) ? hashOf(overlay.get(full)) : box?.kind === 'hash' ? box : undefined
    if (!fresh || !present) return value
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

/** A bank's value for a list setting: undef is the empty list, a plain value a list of one. */
function asList(value: Scalar): readonly Scalar[] {
  const target = pointedTo(value)
  if (target === undefined) return []
  return typeof target === 'object' && target.kind === 'ref' && target.to.kind === 'array'
    ? target.to.items
    : [target]
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
