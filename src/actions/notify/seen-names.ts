/**
 * seen-names — the names of viruses that were ever found, one a line in a file that all children add to.
 */
import {appendFile, readFile} from 'node:fs/promises'
import {escapeControls} from '../../log/line.ts'

/** A file that grew beyond this takes no more names, which are then new each time. */
const LARGEST_FILE = 1024 * 1024

/**
 * Whether at least one of the names was not there; they are from now on. Two children that add the same name at the
 * same time may both be told that it is new.
 * @throws when the file can neither be read nor written
 */
export async function addNames(path: string, names: readonly string[]): Promise<boolean> {
  const text = await textOf(path)
  const known = new Set(text.split('\n'))
  const fresh = names.map(escapeControls).filter(name => !known.has(name))
  if (fresh.length > 0 && text.length < LARGEST_FILE) {
    await appendFile(path, fresh.map(name => `${name}\n`).join(''), {mode: 0o640})
  }
  return fresh.length > 0
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
