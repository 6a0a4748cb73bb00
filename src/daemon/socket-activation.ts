/**
 * socket-activation — sockets that the service manager has bound and handed over (sd_listen_fds(3)).
 *
 * $LISTEN_PID says for whom they are: us, or the process that became us by starting us (an older Node, a
 * shell), which has let us inherit them. The variables are taken away, so that no child takes them for its own.
 */

export interface ActivatedSocket {
  readonly fd: number
  /** FileDescriptorName= of the socket unit, for the log */
  readonly name: string
}

/** The first descriptor that is handed over. */
const FIRST_FD = 3

export function takeActivatedSockets(
  env: NodeJS.ProcessEnv = process.env,
  {pid, ppid}: {readonly pid: number; readonly ppid: number} = process,
): readonly ActivatedSocket[] {
  const {LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES} = env
  if (LISTEN_PID === undefined || LISTEN_FDS === undefined) return []
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name]
  const isOurs = Number(LISTEN_PID) === pid || Number(LISTEN_PID) === ppid
  if (!isOurs || !/^\d{1,4}$/.test(LISTEN_FDS)) return []
  const names = (LISTEN_FDNAMES ?? '').split(':')
  return Array.from({length: Number(LISTEN_FDS)}, (_, i) => ({fd: FIRST_FD + i, name: names[i] ?? ''}))
}
