/**
 * macros — what the MTA tells beside the events, by the stage that it tells it for (spec/milter §5). Pure.
 */
import {strings} from './frames.ts'

/** Stages from the last to the first: the order in which a macro is looked up. */
const STAGES = ['E', 'N', 'T', 'R', 'M', 'H', 'C'] as const
type Stage = (typeof STAGES)[number]

export class Macros {
  readonly #sets = new Map<Stage, ReadonlyMap<string, string>>()

  /** Take a set, which replaces that of its stage. @returns false where the frame is not even one */
  store(data: Buffer): boolean {
    if (data.length === 0) return false
    const stage = STAGES.find(known => known === String.fromCharCode(data[0]!))
    if (stage === undefined) return true
    const list =
      strings(data.subarray(1)) ?? strings(Buffer.concat([data.subarray(1), Buffer.from([0])])) ?? []
    const set = new Map<string, string>()
    for (let at = 0; at < list.length; at += 2) {
      set.set(bare(list[at]!.toString('latin1')), list[at + 1]?.toString('utf8') ?? '')
    }
    this.#sets.set(stage, set)
    return true
  }

  /** `i`, `auth_type`: without braces; undefined for what was not told. */
  get(name: string): string | undefined {
    for (const stage of STAGES) {
      const value = this.#sets.get(stage)?.get(name)
      if (value !== undefined) return value
    }
    return undefined
  }

  /** The event begins a stage: what was told for later ones is of an earlier mail. */
  clearAfter(stage: Stage): void {
    for (const later of STAGES.slice(0, STAGES.indexOf(stage))) this.#sets.delete(later)
  }
}

function bare(name: string): string {
  return name.replace(/^\{(.*)\}$/, '$1')
}
