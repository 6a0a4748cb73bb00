/**
 * privileges — becoming the daemon's user, and being sure of it.
 *
 * Source: spec/daemon, "Start-up order" 14. Supplementary groups are kept: a virus scanner's group often
 * is one of them.
 */
import {execFileSync} from 'node:child_process'
import {AmavisError, errorText} from '../errors.ts'

export interface RunAs {
  readonly user: string
  readonly uid: number
  readonly gid: number
  /** exactly these groups; empty: all that the user is in */
  readonly groups: readonly string[]
}

/**
 * Find a user by name or number.
 * @throws AmavisError AM_DAEMON when there is no such user
 */
export function findUser(user: string, groups: readonly string[] = []): RunAs {
  // Node has no getpwnam; id(1) asks every source that the system is configured for
  const ask = (...args: string[]) =>
    execFileSync('id', args, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).trim()
  try {
    return {user, uid: Number(ask('-u', user)), gid: Number(ask('-g', user)), groups}
  } catch (error) {
    throw new AmavisError('AM_DAEMON', `there is no user "${user}" on this machine`, {cause: error})
  }
}

/**
 * Give up root for good: groups first, then the user.
 * @throws AmavisError AM_DAEMON when it cannot be done, or when root could be had back
 */
export function dropPrivileges(to: RunAs): void {
  try {
    if (to.groups.length > 0) {
      process.setgroups?.([...to.groups].map(numberOrName))
      process.setgid?.(numberOrName(to.groups[0] ?? ''))
    } else {
      initgroups(numberOrName(to.user), to.gid)
      process.setgid?.(to.gid)
    }
    process.setuid?.(to.uid)
  } catch (error) {
    throw new AmavisError('AM_DAEMON', `cannot become user "${to.user}": ${errorText(error)}`, {cause: error})
  }
  verifyUser(to.uid)
}

/**
 * Make sure that this process is a user and cannot be root again.
 * @throws AmavisError AM_DAEMON
 */
export function verifyUser(uid: number): void {
  if (process.getuid?.() !== uid || process.geteuid?.() !== uid) {
    throw new AmavisError('AM_DAEMON', `running as user ${process.geteuid?.()} instead of ${uid}`)
  }
  if (uid === 0) return
  try {
    process.setuid?.(0)
  } catch {
    return
  }
  throw new AmavisError('AM_DAEMON', 'SECURITY PROBLEM, ABORTING: root could be had back')
}

/** Documented in Node, missing from its types. */
function initgroups(user: string | number, extraGroup: number): void {
  ;(process as {initgroups?: (user: string | number, group: number) => void}).initgroups?.(user, extraGroup)
}

function numberOrName(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text
}
