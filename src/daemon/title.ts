/**
 * title — what ps shows for a master and a child, and how a master is known by it.
 *
 * Source: spec/daemon, "pid file, lock, signals", process titles.
 */
import type {Program} from '../process/pid-file.ts'

export const MASTER_TITLE = 'amavis (master)'

export const MASTER: Program = {
  name: 'The amavisd daemon',
  isNamedBy: line => line.startsWith(MASTER_TITLE) || line.includes('master-main.'),
}

/**
 * `amavis (virgin child)`, `amavis (ch3-avail)`, `amavis (ch3-04711-03)`, `amavis (ch3-finish)`.
 * @param tasks begun so far
 * @param doing a word, or the id of the mail in hand
 */
export function childTitle(tasks: number, doing: string): string {
  return tasks === 0 && doing === 'avail' ? 'amavis (virgin child)' : `amavis (ch${tasks}-${doing})`
}
