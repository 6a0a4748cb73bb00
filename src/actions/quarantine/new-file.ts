/**
 * new-file — a file that is on the disk whole and under its name, or not at all.
 *
 * Written beside its place under a hidden name, synced, and linked into it at the end: a reader never meets half of
 * it, and a file that is there is never overwritten.
 */
import {link, open, rename, stat, unlink} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'

export const FILE_MODE = 0o640

/** @throws Error when it cannot be written, or when the name is taken; nothing remains then */
export async function writeNewFile(path: string, source: AsyncIterable<Buffer>): Promise<void> {
  const folder = dirname(path)
  const partial = join(folder, `.${basename(path)}.${process.pid}.partial`)
  try {
    {
      await using file = await open(partial, 'wx', FILE_MODE)
      await file.chmod(FILE_MODE)
      await file.writeFile(source)
      await file.sync()
    }
    await putInPlace(partial, path)
  } catch (error) {
    await unlink(partial).catch(() => {})
    throw error
  }
  await syncFolder(folder)
}

/** Give the finished file its name, which must be free. */
async function putInPlace(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path)
  } catch (error) {
    if (!isErrno(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) throw error
    // A file system without hard links: look first, since rename would overwrite.
    if (await stat(path).catch(ignoreMissing)) throw new Error(`${path} exists already`)
    await rename(partial, path)
    return
  }
  await unlink(partial)
}

export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

export function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
