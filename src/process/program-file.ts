/**
 * program-file — where the files are that this program starts as processes.
 *
 * One rule for all code, wherever the compiler or the bundler puts it: a process runs the file of `dist/bundle/`
 * that is named after its module, below the package's root, which is where the nearest package.json is.
 */
import {findPackageJSON} from 'node:module'
import path from 'node:path'

/** The entries: modules of ours, each made one file by scripts/bundle.mjs. */
export type Entry =
  | 'anvil-main'
  | 'child-main'
  | 'config-reader-main'
  | 'decoder-main'
  | 'master-main'
  | 'mc-main'
  | 'milter-main'
  | 'milter-worker-main'
  | 'service-main'
  | 'subagent-main'

/** Path of the file that a process of this kind runs. */
export function entryFile(entry: Entry): string {
  return packageFile('dist', 'bundle', `${entry}.js`)
}

/** Path of a file that is shipped, by its place below the package's root. */
export function packageFile(...parts: readonly string[]): string {
  const manifest = findPackageJSON('..', import.meta.url)
  if (manifest === undefined) throw new Error('no package.json above the program')
  return path.join(path.dirname(manifest), ...parts)
}
