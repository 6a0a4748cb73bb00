/**
 * inventory — the files of the quarantine folder, some hundred at a time: a million of them need no memory.
 *
 * Only regular files of the folder and of those below it; hidden ones are being written. Links are not followed. Waits
 * for the disk: with a million files in a row each turn of the event loop would cost more than what it waits for.
 */
import {type Dirent, lstatSync, opendirSync, realpathSync} from 'node:fs'
import path from 'node:path'

/** A file by its outside. */
export interface QuarantineFile {
  /** below the folder */
  readonly name: string
  readonly size: number
  /** when it was written, ms since the epoch */
  readonly at: number
}

/** Folders below each other that are looked into. */
const DEEPEST = 3
const AT_ONCE = 256

/**
 * In no order; the files of one array are of one folder. `root` is a real path.
 * @param isWanted asked with each name, before the file is looked at
 * @throws when the folder cannot be read
 */
export function* quarantineFiles(
  root: string,
  isWanted: (name: string) => boolean = () => true,
): Generator<readonly QuarantineFile[]> {
  yield* plainFiles(root, name => !isHidden(name) && isWanted(name))
}

/** Files that a writer has left behind half done, as far as they are older than `before`. */
export function* abandonedFiles(root: string, before: number): Generator<readonly QuarantineFile[]> {
  const isPartial = (name: string) => /^\..*\.\d+\.partial$/.test(path.basename(name))
  for (const files of plainFiles(root, isPartial)) yield files.filter(({at}) => at < before)
}

function* plainFiles(
  root: string,
  isWanted: (name: string) => boolean,
  folder = '',
  depth = 0,
): Generator<readonly QuarantineFile[]> {
  using directory = opendirSync(path.join(root, folder), {bufferSize: AT_ONCE})
  let files: QuarantineFile[] = []
  for (let entry = directory.readSync(); entry; entry = directory.readSync()) {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) {
      if (depth < DEEPEST && !isHidden(name)) yield* plainFiles(root, isWanted, name, depth + 1)
    } else if (isPlain(entry) && isWanted(name)) {
      const found = lstatSync(path.join(root, name), {throwIfNoEntry: false})
      if (found?.isFile()) files.push({name, size: found.size, at: found.mtimeMs})
      if (files.length === AT_ONCE) {
        yield files
        files = []
      }
    }
  }
  if (files.length > 0) yield files
}

function isHidden(name: string): boolean {
  return path.basename(name).startsWith('.')
}

/** Not every file system says what an entry is; lstat does. */
function isPlain(entry: Dirent): boolean {
  return (
    entry.isFile() || !(entry.isSymbolicLink() || entry.isFIFO() || entry.isSocket() || entry.isDirectory())
  )
}

/** Whether the folder that a file is in is below the root and reached without a link. */
export function isBelow(root: string, name: string): boolean {
  const folder = path.dirname(path.join(root, name))
  try {
    return `${folder}/`.startsWith(`${root}/`) && realpathSync.native(folder) === folder
  } catch {
    return false
  }
}
