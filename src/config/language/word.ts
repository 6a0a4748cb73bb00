/**
 * language/word — bare words: constants, functions without arguments, and mistakes.
 */
import {nearestName} from '../nearest.ts'
import {configError, type Position} from '../problem.ts'
import type {Scalar} from '../value.ts'
import {CONSTANTS} from './constants.ts'
import type {Machine} from './machine.ts'
import {plainName} from './run.ts'
import {runSub} from './sub.ts'
import {isPerlFunction, unknownFunction} from './unknown-function.ts'

/**
 * What a bare word stands for; without `use strict` an unknown one is a string.
 * @throws AmavisError AM_CONFIG for an unknown word under `use strict`
 */
export function wordValue(machine: Machine, name: string, at: Position): Scalar {
  const value = CONSTANTS.get(name)
  if (value !== undefined) return value
  const sub = machine.subs.get(plainName(name))
  if (sub) return runSub(machine, sub.body, sub.scope, [], 'scalar', at).at(-1)
  const builtin = machine.builtins.get(plainName(name))
  if (builtin) return builtin(machine, [], at).at(-1)
  if (isPerlFunction(name)) throw unknownFunction(machine, name, at)
  const near = nearestName(name, CONSTANTS.keys())
  const help = near === undefined ? `write '${name}' if a text is meant` : `did you mean ${near}?`
  if (machine.strict)
    throw configError(at, `bare word "${name}": there is no such constant, and a text needs quotes`, help)
  machine.warnings.push({
    at,
    message: `bare word "${name}": taken as a text, which needs quotes under "use strict"`,
    help,
  })
  return name
}
