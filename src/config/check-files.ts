/**
 * check-files — everything that can be said of configuration files without starting anything.
 *
 * The daemon's own check (load.ts), and who may write to the files, which the daemon looks at when it has
 * become its user.
 */
import {existsSync} from 'node:fs'
import path from 'node:path'
import {errorText} from '../errors.ts'
import {findUser} from '../process/privileges.ts'
import {hashAt} from './checks/examined.ts'
import {checkConfigFile} from './file-check.ts'
import {keyExposure} from './key-exposure.ts'
import {loadConfiguration} from './load.ts'
import type {Problem} from './problem.ts'
import type {LoadRequest} from './request.ts'
import type {Snapshot} from './snapshot.ts'

export interface FilesChecked {
  readonly errors: readonly Problem[]
  readonly warnings: readonly Problem[]
  readonly hints: readonly Problem[]
  readonly files: readonly string[]
}

/** @param ownership whether to look at owners and permissions, too (-X no_conf_file_writable_check: no) */
export function checkFiles(request: LoadRequest, ownership: boolean): FilesChecked {
  const result = loadConfiguration({...request, daemon: true})
  const {warnings, hints} = result
  const errors = result.kind === 'failed' ? result.problems : []
  const {files, variables} = result.kind === 'failed' ? result : result.snapshot
  const found = ownership ? writableFiles(files, userOf(variables)) : []
  // whoever is not root asks about files of his own; the daemon looks when root starts it
  const isRoot = process.getuid?.() === 0
  return {
    errors: isRoot ? [...errors, ...found] : errors,
    warnings: [
      ...warnings,
      ...(isRoot ? [] : found),
      ...(ownership ? exposedKeys(variables) : []),
      ...(result.kind === 'failed' ? [] : missingFolders(variables)),
    ],
    hints,
    files,
  }
}

function userOf(variables: Snapshot['variables']): string {
  return textOf(variables, '$daemon_user')
}

function textOf(variables: Snapshot['variables'], name: string): string {
  const box = variables.get(name)
  return box?.kind === 'scalar' && typeof box.value === 'string' ? box.value : ''
}

/** Folders of the daemon that this machine has not; it may be another one's configuration that is looked at. */
function missingFolders(variables: Snapshot['variables']): readonly Problem[] {
  const user = userOf(variables)
  const owner = user === '' ? '' : ` -o ${user}`
  const seen = new Set<string>()
  return FOLDERS.flatMap(([name, effect]) => {
    const folder = textOf(variables, name)
    if (!path.isAbsolute(folder) || existsSync(folder) || seen.has(folder)) return []
    seen.add(folder)
    const help = `install -d -m 0750${owner} ${folder}`
    return [{at: undefined, message: `${name}: there is no folder ${folder}: ${effect}`, help}]
  })
}

const FOLDERS = [
  ['$MYHOME', 'the daemon would not start here'],
  ['$TEMPBASE', 'the daemon would not start here'],
  ['$QUARANTINEDIR', 'what is quarantined would become one mailbox file, or stay with the MTA'],
] as const

/** Files of signing keys that everybody may read. */
function exposedKeys(variables: Snapshot['variables']): readonly Problem[] {
  const stored = variables.get('@dkim_signing_keys_storage')
  const entries = stored?.kind === 'array' ? stored.items.map(hashAt) : []
  const files = new Set(entries.map(entry => entry?.entries.get('file')))
  return [...files].flatMap(file => {
    const message = typeof file === 'string' ? keyExposure(file) : undefined
    return message === undefined ? [] : [{at: undefined, message, help: `chmod o-rwx ${file}`}]
  })
}

/** Files that the daemon's user could change. */
function writableFiles(files: readonly string[], user: string): readonly Problem[] {
  if (user === '' || files.length === 0) return []
  try {
    const {uid, gid} = findUser(user)
    return files.flatMap(file => {
      const wrong = checkConfigFile(file, {effectiveUid: uid, effectiveGid: gid})
      if (wrong === undefined) return []
      const message = `Config file "${file}" ${wrong}: the daemon's user "${user}" must not be able to change it`
      return [{at: undefined, message, help: `chown root ${file}; chmod go-w ${file}`}]
    })
  } catch (error) {
    return [{at: undefined, message: `$daemon_user: ${errorText(error)}`}]
  }
}
