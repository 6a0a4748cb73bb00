/** Where the recorded traffic of the real programs is: ../shared/fixtures beside the repository. */
import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'

export interface Captured {
  readonly t: number
  readonly frames: readonly string[]
}

/** The text of a fixture. @throws Error naming the missing file */
export function readFixture(name: string): string {
  const repository = fileURLToPath(new URL('../../../', import.meta.url))
  const file = path.resolve(repository, '..', 'shared', 'fixtures', name)
  if (!existsSync(file)) throw new Error(`fixture missing: ${file}; conformance tests need ../shared`)
  return readFileSync(file, 'utf8')
}

/** One JSON value a line. */
export function readJsonLines<T>(name: string): readonly T[] {
  return readFixture(name)
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as T)
}
