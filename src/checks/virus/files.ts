/**
 * files — a mail's parts as files, for scanners that open files themselves.
 *
 * They stand in `parts` of the mail's own folder below $TEMPBASE, named p001 and so on; a large member of an archive
 * is there already. The mail as it came is the one with the highest number, so that a scanner sees it whatever its
 * structure. The group may read: a scanner that runs as another user is a member of it (mode 0750, as the original's).
 * Who keeps the folder removes it.
 */
import {chmod, copyFile, link, mkdir, rm, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {type Part, partName} from '../../message/message.ts'
import type {Octets} from '../../message/octets.ts'

export interface ScanFiles {
  readonly folder: string
  /** base names */
  readonly names: readonly string[]
}

/**
 * Write what is not there yet.
 * @throws whatever the file system says
 */
export async function writeFiles(mail: Octets, parts: readonly Part[], folder: string): Promise<ScanFiles> {
  await mkdir(folder, {recursive: true, mode: 0o750})
  // Whatever the umask says: the scanner is in our group.
  for (const entered of [path.dirname(folder), folder]) await chmod(entered, 0o750)
  const names: string[] = []
  let highest = 0
  for (const {number, content, path: file} of parts) {
    highest = Math.max(highest, number)
    if (content.length === 0 && file === undefined) continue
    const name = partName(number)
    await put(path.join(folder, name), content, file)
    names.push(name)
  }
  const name = partName(highest + 1)
  await put(path.join(folder, name), mail.memory ?? Buffer.alloc(0), mail.path)
  return {folder, names: [...names, name]}
}

async function put(target: string, content: Buffer, source: string | undefined): Promise<void> {
  if (source === undefined) await writeFile(target, content, {mode: 0o640})
  else if (path.resolve(source) !== path.resolve(target)) await linkOrCopy(source, target)
  await chmod(target, 0o640)
}

/** A large mail is not written twice. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await rm(target, {force: true})
    await link(source, target)
  } catch {
    await copyFile(source, target)
  }
}
