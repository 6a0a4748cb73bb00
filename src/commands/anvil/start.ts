/** anvil start — a counting server in the background. */
import {Command} from '@oclif/core'
import {anvilFlags, anvilOrder} from '../../anvil/cli/flags.ts'
import {refuseMaster} from '../../anvil/cli/postfix-master.ts'
import {startAnvil} from '../../anvil/start.ts'

export default class AnvilStart extends Command {
  static override summary = "Start counting SMTP clients' connections and requests for Postfix."
  static override description =
    `Answers on $anvil_socket as Postfix's own anvil does. Take the anvil line out of master.cf first, and reload
Postfix after it. Started as root it binds the socket and then becomes $daemon_user. Returns when it answers.`
  static override examples = ['<%= config.bin %> <%= command.id %> -c /etc/amavis/amavisd.conf']
  static override flags = anvilFlags

  async run(): Promise<void> {
    await refuseMaster(this)
    const {flags} = await this.parse(AnvilStart)
    const started = await startAnvil(anvilOrder(flags, 'syslog'))
    if (!('problem' in started)) return
    for (const line of started.problem.split('\n')) this.logToStderr(`amavis anvil: ${line}`)
    this.exit(1)
  }
}
