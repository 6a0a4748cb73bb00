/**
 * locate — the file of a mail in quarantine, by what a client calls it.
 *
 * A name comes from outside: it may have letters, digits and a few marks, no part of it may begin with a dot, and
 * what it leads to must be a regular file in `$QUARANTINEDIR`, with no link on the way.
 * Source: spec/daemon §5.4.
 */
import {constants} from 'node:fs'
import {type FileHandle, open, realpath} from 'node:fs/promises'
import path from 'node:path'
import type {Settings} from '../../config/settings.ts'
import {isErrno} from '../quarantine/new-file.ts'

/** spec/daemon, Identifiers: letters, digits and a few marks that are neither first nor last. */
const MAIL_ID = /^[A-Za-z0-9](?:[A-Za-z0-9_+-]{0,62}[A-Za-z0-9])?$/
const SAFE_NAME = /^[A-Za-z0-9_=@+][\w.=@+-]*(?:\/[A-Za-z0-9_=@+][\w.=@+-]*){0,3}$/
const LONGEST_NAME = 500

export function isMailId(text: string): boolean {
  return MAIL_ID.test(text)
}

export type Located =
  /** the caller closes the file */
  | {readonly kind: 'found'; readonly file: FileHandle; readonly name: string}
  | {readonly kind: 'failed'; readonly reason: string}

export async function locate(
  {mailId, mailFile}: {readonly mailId: string; readonly mailFile: string | undefined},
  settings: Settings,
): Promise<Located> {
  const given = mailFile ?? ''
  if (given !== '' && (given.length > LONGEST_NAME || !SAFE_NAME.test(given))) {
    return {kind: 'failed', reason: `Unsafe filename '${given.slice(0, 100)}'`}
  }
  const folder = settings.string('$QUARANTINEDIR')
  if (!folder) return {kind: 'failed', reason: 'There is no local quarantine'}
  const root = await realpath(folder).catch(() => undefined)
  if (root === undefined) return {kind: 'failed', reason: 'The quarantine cannot be read'}
  for (const name of candidates(mailId, given, settings)) {
    const opened = await openBelow(root, name)
    if (opened === 'missing') continue
    if (opened === 'refused') return {kind: 'failed', reason: `File ${name} cannot be read`}
    return {kind: 'found', file: opened, name}
  }
  return {kind: 'failed', reason: `File ${given === '' ? mailId : given} does not exist`}
}

/** Open a regular file of the folder `root`, a real path; links are missing files, and so is what is no file. */
export async function openBelow(root: string, name: string): Promise<FileHandle | 'missing' | 'refused'> {
  const file = path.join(root, name)
  const folder = path.dirname(file)
  if (!file.startsWith(`${root}/`)) return 'missing'
  if ((await realpath(folder).catch(() => undefined)) !== folder) return 'missing'
  let handle: FileHandle
  try {
    // a pipe must not keep us waiting
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    return isErrno(error, 'EACCES', 'EPERM', 'EIO') ? 'refused' : 'missing'
  }
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  return 'missing'
}

/** The name as it is given; where that is but the mail_id, also what our templates make of it. */
function candidates(mailId: string, given: string, settings: Settings): ReadonlySet<string> {
  const names = new Set<string>()
  const add = (name: string) => {
    names.add(name)
    if (!name.includes('/')) names.add(`${mailId.slice(0, 1)}/${name}`)
  }
  if (given !== '') add(given)
  const bare = path.basename(given, '.gz')
  if (given !== '' && bare !== mailId) return names
  for (const name of [mailId, `${mailId}.gz`]) add(name)
  for (const template of templates(settings)) {
    const name = template.replaceAll('%m', mailId)
    if (SAFE_NAME.test(name)) add(name)
  }
  return names
}

/** Those of the configuration that depend on the mail_id alone. */
function templates(settings: Settings): readonly string[] {
  const methods = [
    ...settings.hash('%quarantine_method_by_ccat').values(),
    settings.scalar('$virus_quarantine_method'),
    settings.scalar('$banned_files_quarantine_method'),
    settings.scalar('$spam_quarantine_method'),
    settings.scalar('$bad_header_quarantine_method'),
    settings.scalar('$unchecked_quarantine_method'),
    settings.scalar('$clean_quarantine_method'),
    settings.scalar('$archive_quarantine_method'),
  ]
  return methods.flatMap(method =>
    typeof method === 'string' && /^(?:local|bsmtp):/.test(method)
      ? [method.replace(/^[a-z]+:/, '')].filter(template => /^(?:[^%]|%m)*$/.test(template))
      : [],
  )
}
