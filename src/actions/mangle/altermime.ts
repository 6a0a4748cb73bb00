/**
 * altermime — has the program that `$altermime` names change a mail in a file, in its place.
 *
 * Arguments are `@altermime_args_defang` or `@altermime_args_disclaimer`, in which _OPTION_ stands for what
 * `@disclaimer_options_bysender_maps` has for the author. The program gives no useful status: what counts is that a
 * mail with a header is there when it has ended well.
 */
import path from 'node:path'
import type {Settings} from '../../config/settings.ts'
import {findProgram} from '../../process/find-program.ts'
import {runProgram} from '../../process/run-program.ts'

/** Options are parts of file names; anything else in them is a mistake. */
const OPTION = /^[\w.@+-]*$/

/**
 * The arguments, _OPTION_ filled in.
 * @param option undefined: none is known, which is an empty one
 * @returns what is wrong with the option, as a text, where it cannot be used
 */
export function altermimeArguments(
  args: readonly string[],
  option: string | undefined,
): readonly string[] | string {
  if (option !== undefined && !OPTION.test(option)) return `unusable disclaimer option "${option}"`
  return args.map(arg => arg.replaceAll('_OPTION_', option ?? ''))
}

/**
 * Change a mail's file.
 * @returns why it did not go well; undefined: the file holds what the program made of the mail
 */
export async function alterFile(
  file: string,
  args: readonly string[],
  settings: Settings,
  timeoutMs: number,
): Promise<string | undefined> {
  const folders = (settings.string('$path') ?? '/usr/local/bin:/usr/bin:/bin').split(':')
  const name = settings.string('$altermime') ?? ''
  const program = name === '' ? undefined : findProgram([name], folders)
  if (program === undefined) return 'altermime is not installed'
  const ran = await runProgram(program, [`--input=${file}`, ...args], {
    cwd: path.dirname(file),
    env: {PATH: '/usr/bin:/bin', LC_ALL: 'C', TMPDIR: path.dirname(file)},
    timeoutMs,
  })
  if (typeof ran === 'string') return ran
  return ran.status === 0 ? undefined : `exit status ${ran.status}: ${ran.output.trim().slice(0, 200)}`
}
