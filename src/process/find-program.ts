/**
 * find-program — where a program is that a setting names: in the folders of `$path`, or where its path says.
 */
import {accessSync, constants} from 'node:fs'
import path from 'node:path'

/**
 * The first of these names that is there and may be run, with its path.
 * @param names with or without a folder
 */
export function findProgram(
  names: readonly string[],
  folders: readonly string[],
  isProgram: (file: string) => boolean = isExecutable,
): string | undefined {
  return names
    .flatMap(name => (name.includes('/') ? [name] : folders.map(folder => path.join(folder, name))))
    .find(isProgram)
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
