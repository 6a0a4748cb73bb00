/**
 * records — the table of children as amavisd-nanny's database would have it.
 *
 * The bus stands in for the database: nothing heard is no database, a FLUSH is another one, and a child
 * that was purged is a record whose process does not exist.
 */
import {IDLE} from '../children/states.ts'
import type {Snapshot} from '../children/store.ts'
import {type Child, type ChildTable, childKey} from '../children/table.ts'
import type {ClassicRecord} from './classic.ts'
import type {ClassicSource} from './classic-loop.ts'

/** The record of one child. */
function classicRecord(child: Child): ClassicRecord {
  return {
    kind: 'child',
    origin: child.endpoint,
    pid: child.pid,
    state: child.state === IDLE ? '' : child.state,
    taskId: child.taskId ?? '',
    baseMs: child.baseMs,
  }
}

/** Whether the buses say that this process is no more. */
export function isGone(table: ChildTable, origin: string, pid: number): boolean {
  const child = table.children.get(childKey(origin, pid))
  return child === undefined || child.goneMs !== undefined
}

/**
 * A source for the classic displays.
 * @param read the newest snapshot
 * @param name what the data is said to come from
 */
export function busSource(read: () => Snapshot, name: string): ClassicSource {
  const reported = new Set<string>()
  let flushes: number | undefined
  const reportOf = (child: Child) => `${childKey(child.endpoint, child.pid)} ${child.goneMs}`
  return {
    read() {
      const {table} = read()
      if (table.buses.size === 0) return {kind: 'absent', name}
      const seen = [...table.buses.values()].reduce((sum, bus) => sum + bus.flushes, 0)
      const reopened = flushes !== undefined && seen !== flushes
      flushes = seen
      const shown = [...table.children.values()].filter(child => !reported.has(reportOf(child)))
      return {kind: 'records', name, records: shown.map(classicRecord), reopened}
    },
    forget(refs) {
      const {table} = read()
      for (const {origin, pid} of refs) {
        const child = table.children.get(childKey(origin, pid))
        if (child?.goneMs !== undefined) reported.add(reportOf(child))
      }
    },
  }
}
