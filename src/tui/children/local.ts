/**
 * local — ending a child from a screen: only one of this machine's, and only with SIGTERM.
 *
 * A bus may be another machine's, or a forwarded port of one; then its pids mean nothing here. The bus'
 * address is looked at first, and `Processes` then makes sure that the pid is a daemon's.
 */
import {ipcPath} from '../../bus/endpoint.ts'
import type {Processes} from '../../bus/minder-table.ts'

/** Whether a bus is on this machine as far as its address tells. */
export function isLocalEndpoint(endpoint: string): boolean {
  return (
    ipcPath(endpoint) !== undefined ||
    /^ipc:\/\/@/.test(endpoint) ||
    /^tcp:\/\/(?:127\.[\d.]+|localhost|\[::1\]):\d+$/.test(endpoint)
  )
}

export type EndResult = {readonly kind: 'signalled'} | {readonly kind: 'refused'; readonly reason: string}

/** Why a child cannot be ended from here; undefined when nothing speaks against trying. */
export function whyNotEnd(child: {readonly endpoint: string}, readOnly: boolean): string | undefined {
  if (readOnly) return 'this view is read-only'
  if (!isLocalEndpoint(child.endpoint)) return `its bus ${child.endpoint} is not on this machine`
  return undefined
}

/** Asks the master of this machine to end a child when its mail is done; where it cannot be asked, the reason. */
export type RetireChild = (pid: number) => Promise<EndResult>

/** Send SIGTERM to a child: it finishes nothing, and the daemon starts another. */
export function endChild(
  child: {readonly endpoint: string; readonly pid: number},
  processes: Processes,
): EndResult {
  const reason = whyNotEnd(child, false)
  if (reason !== undefined) return {kind: 'refused', reason}
  switch (processes.signal(child.pid, 'SIGTERM')) {
    case 'alive':
      return {kind: 'signalled'}
    case 'gone':
      return {kind: 'refused', reason: `process ${child.pid} is not an amavis child on this machine`}
    case 'denied':
      return {kind: 'refused', reason: `process ${child.pid} may not be signalled by this user`}
  }
}
