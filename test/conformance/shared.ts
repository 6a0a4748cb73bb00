/** shared — what was recorded of the real programs: the folder ../shared beside the repository. */
import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'

export interface Captured {
  readonly t: number
  readonly frames: readonly string[]
}

/** The place of a file or folder. @throws Error naming it when it is missing */
export function sharedPath(...parts: readonly string[]): string {
  const repository = fileURLToPath(new URL('../../../', import.meta.url))
  const file = path.resolve(repository, '..', 'shared', ...parts)
  if (!existsSync(file)) throw new Error(`missing: ${file}; conformance tests need ../shared`)
  return file
}

/** The text of a fixture. */
export function readFixture(name: string): string {
  return readFileSync(sharedPath('fixtures', name), 'utf8')
}

/** One JSON value a line. */
export function readJsonLines<T>(name: string): readonly T[] {
  return readFixture(name)
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as T)
}
