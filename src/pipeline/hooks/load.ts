/**
 * load — the operator's module, when nobody but root can have written it.
 *
 * It runs in every child with the daemon's rights and sees all mail: who can change it, or put another in its place,
 * commands the daemon. What it imports itself is not looked at.
 */
import {realpathSync, statSync} from 'node:fs'
import path from 'node:path'
import {pathToFileURL} from 'node:url'
import {checkConfigFile, type Ownership} from '../../config/file-check.ts'
import {AmavisError, errorText} from '../../errors.ts'
import type {Hooks} from './hooks.ts'
import {type HookSubject, type MailHooks, mailHooks} from './run-hooks.ts'

const POINTS: readonly (keyof Hooks)[] = ['new', 'checks', 'beforeSend', 'afterSend', 'mailDone']

/** What is wrong with the file, for `$custom_hooks: F …`; undefined: nothing. */
export function hooksProblem(file: string, ownership: Ownership): string | undefined {
  if (!path.isAbsolute(file)) return 'is no absolute path'
  const wrong = checkConfigFile(file, ownership)
  if (wrong !== undefined) return wrong
  if ((statSync(file).mode & 0o002) !== 0) return 'can be written by everybody'
  for (let folder = path.dirname(realpathSync(file)); ; folder = path.dirname(folder)) {
    const {uid, gid, mode} = statSync(folder)
    const isSticky = (mode & 0o1000) !== 0
    const isOpen = (mode & 0o002) !== 0 || (gid === ownership.effectiveGid && (mode & 0o020) !== 0)
    if (
      (uid !== 0 && uid === ownership.effectiveUid) ||
      (isOpen && !isSticky && ownership.effectiveUid !== 0)
    )
      return `is in ${folder}, which the user of the daemon can change`
    if (folder === path.dirname(folder)) return undefined
  }
}

/**
 * @param load for the module; import() unless told
 * @throws AmavisError AM_CONFIG when it must not be used, cannot be read, or exports something else
 */
export async function loadHooks(
  file: string,
  ownership: Ownership,
  load: (url: string) => Promise<object> = url => import(url),
): Promise<Hooks> {
  const problem = hooksProblem(file, ownership)
  if (problem !== undefined) throw new AmavisError('AM_CONFIG', `$custom_hooks: ${file} ${problem}`)
  let module: Record<string, unknown>
  try {
    module = {...(await load(pathToFileURL(realpathSync(file)).href))}
  } catch (cause) {
    throw new AmavisError('AM_CONFIG', `$custom_hooks: ${file}: ${errorText(cause)}`, {cause})
  }
  const given = typeof module['default'] === 'object' ? {...module['default'], ...module} : module
  const found = POINTS.filter(point => typeof given[point] === 'function')
  if (found.length === 0)
    throw new AmavisError('AM_CONFIG', `$custom_hooks: ${file} exports none of ${POINTS.join(', ')}`)
  return Object.fromEntries(found.map(point => [point, given[point]]))
}

/**
 * The hooks for each mail of this process. Where the module cannot be used every mail fails: none is to pass without
 * what an operator has ordered.
 * @param failed is told once why
 */
export function hooksFrom(
  file: string,
  failed: (reason: string) => void,
): (subject: HookSubject) => MailHooks {
  const ownership = {effectiveUid: process.getuid?.() ?? 0, effectiveGid: process.getgid?.() ?? 0}
  const loading = loadHooks(file, ownership)
  loading.catch(error => failed(errorText(error)))
  return subject => mailHooks(loading, subject)
}
