/**
 * reachable — everything that the variables of a configuration hold.
 *
 * What was read leaves its process as data; before it does, data nested without bounds is refused, and the
 * subs among it are found, so that those that could not be run later are an error now.
 */
import type {Box} from './snapshot.ts'
import type {Code, Scalar} from './value.ts'

/** Levels of data within data: more than any configuration has, and fewer than would cost our stack. */
const DEEPEST = 500

export interface Reachable {
  /** the variable that holds data nested too deeply; undefined when none does */
  readonly tooDeep: string | undefined
  /** subs with a program, each with the first variable that holds it */
  readonly subs: ReadonlyMap<Code, string>
}

/** Look through all variables; shared and circular data is visited once. */
export function reachableFrom(variables: ReadonlyMap<string, Box>): Reachable {
  const seen = new Set<object>()
  const subs = new Map<Code, string>()
  let tooDeep: string | undefined
  for (const [name, variable] of variables) {
    const pending: {box: Box; depth: number}[] = [{box: variable, depth: 0}]
    const look = (value: Scalar, depth: number) => {
      if (typeof value !== 'object' || value.kind === 're') return
      if (value.kind === 'ref') {
        if (!seen.has(value.to)) pending.push({box: value.to, depth: depth + 1})
      } else if (value.kind === 'object') {
        if (!seen.has(value)) pending.push({box: {kind: 'array', items: value.items}, depth: depth + 1})
        seen.add(value)
      } else if (value.body?.kind === 'program' && !subs.has(value)) {
        subs.set(value, name)
        for (const box of value.body.scope.values()) pending.push({box, depth: depth + 1})
        for (const sub of value.body.subs.values()) look(sub, depth + 1)
      }
    }
    for (let next = pending.pop(); next; next = pending.pop()) {
      const {box, depth} = next
      if (seen.has(box)) continue
      seen.add(box)
      if (depth > DEEPEST) tooDeep ??= name
      else if (box.kind === 'scalar') look(box.value, depth)
      else for (const value of box.kind === 'array' ? box.items : box.entries.values()) look(value, depth)
    }
  }
  return {tooDeep, subs}
}
