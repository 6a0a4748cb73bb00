/**
 * give-up-root — a command that root runs becomes the daemon's user, so that what it does and leaves behind is his.
 */
import type {Settings} from '../config/settings.ts'
import {errorText} from '../errors.ts'
import {dropPrivileges, findUser, type RunAs} from '../process/privileges.ts'

/** @param say why root stays root */
export function giveUpRoot(settings: Settings, say: (line: string) => void): void {
  const user = settings.string('$daemon_user') ?? ''
  if (process.getuid?.() !== 0 || /^(?:root|0|)$/.test(user)) return
  const groups = settings
    .list('@daemon_groups')
    .map(String)
    .filter(group => group !== '')
  let runAs: RunAs
  try {
    runAs = findUser(user, groups)
  } catch (error) {
    say(`going on as root: ${errorText(error)}`)
    return
  }
  dropPrivileges(runAs)
}
