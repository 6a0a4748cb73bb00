/**
 * program — how the process of a counting server is known.
 */
import path from 'node:path'
import type {Program} from '../process/pid-file.ts'

export const ANVIL_TITLE = 'amavis-anvil'

export const ANVIL_PROGRAM: Program = {
  name: 'amavis anvil',
  isNamedBy: line =>
    line.split(' ').some(word => path.basename(word, '.js') === ANVIL_TITLE || /anvil-main\.js$/.test(word)),
}
