/**
 * key-exposure — whether a private key is for everybody to read.
 */
import {statSync} from 'node:fs'

/** What to tell about a key's file; undefined when all is well. */
export function keyExposure(file: string): string | undefined {
  const info = statSync(file, {throwIfNoEntry: false})
  if (!info || (info.mode & 0o007) === 0) return undefined
  return `the private key in "${file}" can be used by everybody on this machine`
}
