/**
 * unix-path — the path of a Unix socket that is listened on: taken only when nobody serves it, and replaced in one
 * step, so that a client finds the old one or the new one and never none.
 */
import {chmodSync, chownSync, lstatSync, renameSync, rmSync} from 'node:fs'
import net from 'node:net'

export interface PathRights {
  /** undefined: what the umask leaves */
  readonly mode: number | undefined
  /** undefined: ours */
  readonly owner: {readonly uid: number; readonly gid: number} | undefined
}

/**
 * Bind a path: what is dead there is replaced.
 * @param bind listens on the path that it is given, which is not yet the one that clients know
 * @throws Error when something that is no socket, or a living one, has the path
 */
export async function bindUnixPath(
  path: string,
  {mode, owner}: PathRights,
  bind: (path: string) => Promise<void>,
): Promise<void> {
  const present = lstatSync(path, {throwIfNoEntry: false})
  if (present && !present.isSocket()) throw new Error('the path is taken by something that is no socket')
  if (present && (await answers(path))) throw new Error('another process listens on it')
  const own = `${path}.${process.pid}`
  rmSync(own, {force: true})
  await bind(own)
  if (owner) chownSync(own, owner.uid, owner.gid)
  if (mode !== undefined) chmodSync(own, mode)
  renameSync(own, path)
}

/** Whether something listens on a Unix socket; a dead one's path may be taken over. */
function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({path})
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // EAGAIN: its queue is full, so somebody has it
    socket.once('error', error => resolve((error as NodeJS.ErrnoException).code === 'EAGAIN'))
  })
}
