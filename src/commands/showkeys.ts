/** showkeys — what the DNS is to say of the signing keys. */
import {Args, Command} from '@oclif/core'
import {keyFlags, readKeys} from '../actions/dkim/cli/read-keys.ts'
import {recordText} from '../actions/dkim/key-record.ts'
import {errorText} from '../errors.ts'

export default class Showkeys extends Command {
  static override summary = 'Print the DNS records of the DKIM signing keys.'
  static override description =
    'A record for each dkim_key of the configuration, or for those of the domains named, as lines of a zone file. A key for many domains, which has a wildcard or a regular expression, gets a name that holds in whichever zone it is put. Key files that everybody may read are warned of.'
  static override examples = [
    '<%= config.bin %> showkeys',
    '<%= config.bin %> showkeys example.com -c /etc/amavis/amavisd.conf',
  ]
  static override strict = false
  static override args = {domain: Args.string({description: 'a signing domain; default: all'})}
  static override usage = 'showkeys [DOMAIN…] [-c FILE]…'
  static override flags = keyFlags

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Showkeys)
    try {
      const {selected, warnings, hasFailed} = readKeys(flags, argv.map(String))
      for (const warning of warnings) this.logToStderr(warning)
      process.stdout.write(selected.map(recordText).join(''))
      if (hasFailed) process.exitCode = 1
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }
}
