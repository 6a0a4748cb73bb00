/**
 * json — one display as one JSON object. Field names are part of the command's manual and keep their
 * meaning.
 */

import {meaningOf} from '../children/states.ts'
import type {Snapshot} from '../children/store.ts'
import {countChildren, isBusy, mailsPerMinute} from '../children/table.ts'
import {accruedBar, ageMs, durations} from '../children/trail.ts'

/** The manual's section about it. */
export const JSON_FIELDS = `With --json each display is one object on a line: time (ISO 8601), busy, idle, mails_per_minute,
buses (endpoint, heard: time of the last message or null) and children, sorted by endpoint and pid. Of a
child: endpoint, pid, task_id or null, state (a letter, "-" idle, "?" not seen), state_name, busy,
elapsed_ms (at its task, or idle), gone (without a word), end (went away, terminated or
forgotten, or null), history (one letter a state and one
more for each further second) and steps (state, ms) since its connection or MAIL FROM.`

const LONGEST_HISTORY = 1000

export function nannyJson({table, nowMs}: Snapshot, endpoints: readonly string[]): string {
  const children = [...table.children.values()].sort(
    (a, b) => endpoints.indexOf(a.endpoint) - endpoints.indexOf(b.endpoint) || a.pid - b.pid,
  )
  return JSON.stringify({
    time: new Date(nowMs).toISOString(),
    ...countChildren(children),
    mails_per_minute: Number(mailsPerMinute(table, nowMs).toFixed(1)),
    buses: endpoints.map(endpoint => {
      const heardMs = table.buses.get(endpoint)?.heardMs
      return {endpoint, heard: heardMs === undefined ? null : new Date(heardMs).toISOString()}
    }),
    children: children.map(child => ({
      endpoint: child.endpoint,
      pid: child.pid,
      task_id: child.taskId ?? null,
      state: child.state,
      state_name: meaningOf(child.state).word,
      busy: isBusy(child),
      elapsed_ms: ageMs(child, nowMs),
      gone: child.goneMs !== undefined,
      end: child.goneMs === undefined ? null : (child.end ?? 'went away'),
      history: isBusy(child) ? accruedBar(child, nowMs, LONGEST_HISTORY) : '',
      steps: durations(child.steps, nowMs),
    })),
  })
}
