/**
 * mail-file — the mail of a request: a file that the client has left in a folder of its own.
 *
 * Only a regular file below $TEMPBASE or $MYHOME is opened, by its real path and never through a link at its end;
 * names have letters, digits and a few marks. What a client may have removed is its own folder, and of that the mail
 * and what a milter puts beside it, not whatever a path leads to.
 */
import {constants} from 'node:fs'
import {lstat, open, readdir, realpath, rm, rmdir} from 'node:fs/promises'
import path from 'node:path'
import {AmavisError} from '../../errors.ts'
import type {Octets} from '../../message/octets.ts'
import {Reception} from '../smtp/reception.ts'
import type {Spool} from '../spool.ts'
import type {DataFacts} from '../transaction.ts'

export interface MailFile {
  readonly octets: Octets
  readonly data: DataFacts
}

const SAFE_NAME = /^\/[\w./=+@-]+$/

/** @throws AmavisError AM_PROTOCOL for a path that is not allowed, AM_STORAGE where the file cannot be read */
export async function readMailFile(file: string, roots: readonly string[], spool: Spool): Promise<MailFile> {
  const real = await allowedPath(file, roots)
  // a pipe must not keep us waiting
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(real, flags).catch((cause: unknown) => {
    throw new AmavisError('AM_STORAGE', `cannot open ${file}`, {cause})
  })
  const reception = new Reception(spool, Number.POSITIVE_INFINITY, false)
  try {
    if (!(await handle.stat()).isFile()) throw new AmavisError('AM_PROTOCOL', `${file} is no file`)
    for await (const chunk of handle.createReadStream({autoClose: false})) {
      reception.push(chunk as Buffer)
      await reception.wait
    }
    reception.close()
    await reception.wait
    const {bareCr, nul} = reception.facts
    // Line ends of a file are those of its writer, not of the mail.
    return {octets: await reception.finish(), data: {bareLf: 0, bareCr, nul}}
  } catch (error) {
    reception.discard()
    throw error
  } finally {
    await handle.close()
  }
}

/** Remove the folder that a client has made for a mail, as far as it holds what such a folder holds. Never rejects. */
export async function removeFolder(folder: string, roots: readonly string[]): Promise<void> {
  try {
    const real = await allowedPath(folder, roots)
    if (!(await lstat(real)).isDirectory()) return
    await rm(path.join(real, 'email.txt'), {force: true})
    const parts = path.join(real, 'parts')
    const names = await readdir(parts).catch(() => [])
    for (const name of names) await rm(path.join(parts, name), {force: true})
    await rmdir(parts).catch(() => {})
    await rmdir(real)
  } catch {
    // what is left is the client's
  }
}

/** The real path of a file strictly below one of the roots. */
async function allowedPath(file: string, roots: readonly string[]): Promise<string> {
  if (!SAFE_NAME.test(file) || file.split('/').includes('..')) {
    throw new AmavisError('AM_PROTOCOL', `the path "${file.slice(0, 200)}" is not allowed`)
  }
  const folder = await realpath(path.dirname(file)).catch((cause: unknown) => {
    throw new AmavisError('AM_STORAGE', `there is no folder ${path.dirname(file)}`, {cause})
  })
  for (const root of roots) {
    const base = await realpath(root).catch(() => undefined)
    if (base !== undefined && (folder === base || folder.startsWith(`${base}/`))) {
      return path.join(folder, path.basename(file))
    }
  }
  throw new AmavisError('AM_PROTOCOL', `${file} is not below $TEMPBASE or $MYHOME`)
}
