/** config check — all mistakes in configuration files, each with its line. */
import {Command, Flags} from '@oclif/core'
import {runCheck} from '../../tui/config/run-check.ts'

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
    process.exitCode = runCheck({
      files: [...(flags.config ?? []), ...argv.map(String)],
      instance: flags.instance ?? '',
      ownership: flags.magic === undefined,
      json: flags.json,
    })
  }
}
