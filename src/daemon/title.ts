/**
 * title — what ps shows for a child. Source: spec/daemon, "pid file, lock, signals", process titles.
 */

/**
 * `amavis (virgin child)`, `amavis (ch3-avail)`, `amavis (ch3-04711-03)`, `amavis (ch3-finish)`.
 * @param tasks begun so far
 * @param doing a word, or the id of the mail in hand
 */
export function childTitle(tasks: number, doing: string): string {
  return tasks === 0 && doing === 'avail' ? 'amavis (virgin child)' : `amavis (ch${tasks}-${doing})`
}
