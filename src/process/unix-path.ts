/**
 * unix-path — the path of a Unix socket that is listened on: taken only when nobody serves it, and replaced in one
 * step, so that a client finds the old one or the new one and never none.
 *
 * Root binds in folders of the daemon's user: what that user puts in the socket's place meanwhile keeps its owner and
 * its mode, as the mode comes with the binding and no link is followed.
 */
import {lchownSync, lstatSync, renameSync, rmSync} from 'node:fs'
import net from 'node:net'

export interface PathRights {
  /** undefined: what the umask leaves */
  readonly mode: number | undefined
  /** undefined: ours */
  readonly owner: {readonly uid: number; readonly gid: number} | undefined
}

/**
 * Bind a path: what is dead there is replaced.
 * @param bind listens on the path that it is given, which is not yet the one that clients know; binds at once
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
  const bound = mode === undefined ? bind(own) : withMask(0o777 & ~mode, () => bind(own))
  await bound
  if (owner) lchownSync(own, owner.uid, owner.gid)
  renameSync(own, path)
}

/** Only what happens before the first wait is under the mask, which is the binding. */
function withMask<Result>(mask: number, work: () => Result): Result {
  const before = process.umask(mask)
  try {
    return work()
  } finally {
    process.umask(before)
  }
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
