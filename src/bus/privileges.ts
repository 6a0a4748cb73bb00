/**
 * privileges — the user that the services run as.
 */
import {execFileSync} from 'node:child_process'
import {AmavisError, errorText} from '../errors.ts'

export interface UserIds {
  readonly uid: number
  /** of the primary group */
  readonly gid: number
}

/**
 * A user's numbers, by id(1), so that every source of users that the machine has is asked.
 * @throws AmavisError AM_CONFIG when there is no such user
 */
export function lookUpUser(name: string): UserIds {
  const id = (what: '-u' | '-g') => {
    const text = execFileSync('id', [what, '--', name], {stdio: ['ignore', 'pipe', 'ignore']}).toString()
    return Number(text)
  }
  try {
    return {uid: id('-u'), gid: id('-g')}
  } catch (error) {
    throw new AmavisError('AM_CONFIG', `no user "${name}" on this machine`, {cause: error})
  }
}

/**
 * Become a user for good, with all groups that the user is in.
 * @throws AmavisError AM_DAEMON when that is not possible, or when root could be had back
 */
export function becomeUser(name: string, {uid, gid}: UserIds): void {
  try {
    // missing in the type definitions
    ;(process as {initgroups?: (user: string, group: number) => void}).initgroups?.(name, gid)
    process.setgid?.(gid)
    process.setuid?.(uid)
  } catch (error) {
    throw new AmavisError('AM_DAEMON', `cannot become user ${name}: ${errorText(error)}`, {cause: error})
  }
  if (uid === 0) return
  try {
    process.setuid?.(0)
  } catch {
    return
  }
  throw new AmavisError('AM_DAEMON', `root was not given up when becoming user ${name}`)
}

/**
 * Be somebody other than root, as the plan says; does nothing for any other user.
 * @throws AmavisError AM_CONFIG for an unknown user, AM_DAEMON when root stays root without leave
 */
export function leaveRoot({user, allowRoot}: {readonly user?: string; readonly allowRoot?: boolean}): void {
  if (process.getuid?.() !== 0) return
  const ids = user === undefined || user === '' ? undefined : lookUpUser(user)
  if (user !== undefined && ids && ids.uid !== 0) becomeUser(user, ids)
  else if (!allowRoot) {
    throw new AmavisError(
      'AM_DAEMON',
      'will not run as root: set $daemon_user, start it as that user, or say --allow-root',
    )
  }
}
