/**
 * leave-root — the services never work as root unless they are told to.
 */
import {AmavisError} from '../errors.ts'
import {dropPrivileges, findUser} from '../process/privileges.ts'

/**
 * Be somebody other than root, as the plan says; does nothing for any other user.
 * @throws AmavisError AM_DAEMON for an unknown user, or when root stays root without leave
 */
export function leaveRoot({user, allowRoot}: {readonly user?: string; readonly allowRoot?: boolean}): void {
  if (process.getuid?.() !== 0) return
  const runAs = user === undefined || user === '' ? undefined : findUser(user)
  if (runAs && runAs.uid !== 0) dropPrivileges(runAs)
  else if (!allowRoot) {
    throw new AmavisError(
      'AM_DAEMON',
      'will not run as root: set $daemon_user, start it as that user, or say --allow-root',
    )
  }
}
