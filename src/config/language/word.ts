/**
 * language/word — bare words: constants, functions without arguments, and mistakes.
 */
import {nearestName} from '../nearest.ts'
import {configError, type Position} from '../problem.ts'
import type {Scalar} from '../value.ts'
import {CONSTANTS} from './constants.ts'
import type {Machine} from './machine.ts'

/**
 * What a bare word stands for; without `use strict` an unknown one is a string.
 * @throws AmavisError AM_CONFIG for an unknown word under `use strict`
 */
export function wordValue(machine: Machine, name: string, at: Position): Scalar {
  const value = CONSTANTS.get(name)
  if (value !== undefined) return value
  const builtin = machine.builtins.get(name)
  if (builtin) return builtin(machine, [], at).at(-1)
  if (!machine.strict) return name
  const near = nearestName(name, CONSTANTS.keys())
  const hint = near === undefined ? ', expected a quoted text or a constant' : `, did you mean ${near}?`
  throw configError(at, `Bareword "${name}" not allowed while "use strict"${hint}`)
}
