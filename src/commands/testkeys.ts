/** testkeys — whether the DNS has the records of the signing keys. */
import {Args, Command} from '@oclif/core'
import {keyFlags, readKeys} from '../actions/dkim/cli/read-keys.ts'
import {recordName} from '../actions/dkim/key-record.ts'
import {limitedResolver} from '../checks/dns/resolver.ts'
import {resolverFor} from '../checks/dns/resolver-for.ts'
import {errorText} from '../errors.ts'
import {tryKey} from '../pipeline/key-trial.ts'

/** for one name; nobody waits longer for an answer */
const TIMEOUT_MS = 10_000

export default class Testkeys extends Command {
  static override summary = 'Sign with each DKIM key, and verify it by its record in the DNS.'
  static override description =
    'Signs a test mail with each dkim_key of the configuration, or with those of the domains named, and verifies it as a receiver would; @dns_servers says whom to ask. A key for many domains is tried for the domains named. Exit status 1 when one does not pass.'
  static override examples = [
    '<%= config.bin %> testkeys',
    '<%= config.bin %> testkeys example.com -c /etc/amavis/amavisd.conf',
  ]
  static override strict = false
  static override args = {domain: Args.string({description: 'a signing domain; default: all'})}
  static override usage = 'testkeys [DOMAIN…] [-c FILE]…'
  static override flags = keyFlags

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Testkeys)
    try {
      const {selected, warnings, hasFailed, settings} = readKeys(flags, argv.map(String))
      for (const warning of warnings) this.logToStderr(warning)
      if (hasFailed) process.exitCode = 1
      const resolve = resolverFor(settings)
      for (const one of selected) {
        const {number, key, domain} = one
        const name = recordName(one).replace(/\.$/, '')
        if (domain === undefined) {
          this.log(`TESTING#${number} ${key.domain}: ${name} => not tested, it is for many: name a domain`)
          continue
        }
        const limited = limitedResolver(resolve, TIMEOUT_MS)
        const {isValid, text} = await tryKey(key, domain, record => limited(record, 'TXT'))
        this.log(`TESTING#${number} ${domain}: ${name} => ${text}`)
        if (!isValid) process.exitCode = 1
      }
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }
}
