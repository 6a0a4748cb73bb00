/** config check — all mistakes in configuration files, each with its line. */
import {readFileSync} from 'node:fs'
import path from 'node:path'
import {Command, Flags} from '@oclif/core'
import {checkFiles} from '../../config/check-files.ts'
import {defaultFiles} from '../../config/load.ts'
import {columnsOf} from '../../tui/config/lines.ts'
import {problemJson, problemPage} from '../../tui/config/problem-page.ts'
import {createTheme} from '../../tui/theme.ts'

export default class ConfigCheck extends Command {
  static override summary = 'Find all mistakes in the configuration.'
  static override description =
    'Reads the files given, or those that the daemon would read, and prints errors, warnings and hints, each with its line and what to do. Nothing in a file is executed. The status is 1 when there are errors: the daemon would not start.'
  static override examples = [
    '<%= config.bin %> config check',
    '<%= config.bin %> config check /etc/amavis/conf.d/50-user --json',
  ]
  static override strict = false
  static override usage = 'config check [FILE…] [-c FILE] [-i NAME] [-X TAG] [--json]'
  static override flags = {
    config: Flags.string({
      char: 'c',
      helpValue: '<file>',
      description: 'configuration file, repeatable; the same as naming it without -c',
      multiple: true,
      multipleNonGreedy: true,
    }),
    instance: Flags.string({char: 'i', helpValue: '<name>', description: 'instance name, $instance_name'}),
    magic: Flags.string({
      char: 'X',
      helpValue: '<tag>',
      description: 'allow what is refused otherwise',
      options: ['no_conf_file_writable_check'],
    }),
    json: Flags.boolean({description: 'print one object for programs'}),
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(ConfigCheck)
    const named = [...(flags.config ?? []), ...argv.map(String)].map(file => path.resolve(file))
    const files = named.length > 0 ? named : defaultFiles()
    const result = checkFiles({files, instance: flags.instance ?? ''}, flags.magic === undefined)
    const page = flags.json
      ? JSON.stringify(problemJson(result), undefined, 2)
      : problemPage(result, {
          theme: createTheme(process.env),
          columns: columnsOf(process.stdout),
          lineOf: lineReader(),
        })
    process.stdout.write(`${page}\n`)
    if (result.errors.length > 0) process.exitCode = 1
  }
}

/** Lines of files, each file read once. */
function lineReader(): (file: string, line: number) => string | undefined {
  const files = new Map<string, readonly string[]>()
  return (file, line) => {
    let lines = files.get(file)
    if (!lines) {
      try {
        lines = readFileSync(file, 'latin1').split(/\r?\n/)
      } catch {
        lines = []
      }
      files.set(file, lines)
    }
    return lines[line - 1]
  }
}
