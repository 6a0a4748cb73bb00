/** snmp-subagent — the counters for an SNMP agent, by AgentX. */
import path from 'node:path'
import {Command, Flags} from '@oclif/core'
import {type BusFlagValues, busFlags, planOf} from '../bus/cli/flags.ts'
import {AmavisError, errorText} from '../errors.ts'
import {parseMasterAddress} from '../snmp/master-address.ts'

export default class SnmpSubagent extends Command {
  static override summary = 'Serve the counters to an SNMP agent (AgentX).'
  static override description =
    `Gives the counters, the children's states and the entries in Postfix's queues to the SNMP agent of this machine,
under 1.3.6.1.4.1.15312.2.1; they can only be read. An agent that is not there or restarts is tried again.
snmpd needs "master agentx" in its configuration, and a socket that $daemon_user may use: "agentXPerms 0660 0550 root
amavis", or "agentXSocket tcp:localhost:705" with $agentx_socket the same.

Where snmp-responder does not answer the last values are served for 20 s, then there are none. The queues are
counted where they may be read (-u postfix); elsewhere what childproc-minder counts is shown.

Goes to the background unless -f is given. SIGTERM and SIGINT end it.

--mib prints the MIB module, for -m of the SNMP tools or a folder of theirs.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> -u postfix',
    '<%= config.bin %> <%= command.id %> --mib > AMAVIS-MIB.txt && snmpwalk -v2c -c public -m ./AMAVIS-MIB.txt localhost amavisSnmp',
  ]
  static override flags = {
    foreground: busFlags.foreground,
    debug: busFlags.debug,
    config: busFlags.config,
    instance: busFlags.instance,
    home: busFlags.home,
    user: busFlags.user,
    master: Flags.string({
      char: 'x',
      helpValue: '<address>',
      description: 'where the SNMP agent listens: a path, tcp:host:port; default: $agentx_socket',
    }),
    snmp: busFlags.snmp,
    'pid-file': Flags.string({
      char: 'P',
      helpValue: '<file>',
      description: 'PID file; in the background by default $MYHOME/amavis-snmp-subagent.pid',
    }),
    'allow-root': busFlags['allow-root'],
    mib: Flags.boolean({description: 'print the MIB module and exit'}),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(SnmpSubagent)
    if (flags.mib) {
      const {mibText} = await import('../snmp/mib-text.ts')
      process.stdout.write(mibText())
      return
    }
    try {
      await this.#start(flags)
    } catch (error) {
      for (const line of errorText(error).split('\n')) this.logToStderr(`amavis snmp-subagent: ${line}`)
      this.exit(error instanceof AmavisError && error.code === 'AM_USAGE' ? 2 : 1)
    }
  }

  async #start(flags: BusFlagValues & {master?: string | undefined; 'pid-file'?: string | undefined}) {
    const {endpoints, mtaQueues, level, log, facility, user, allowRoot, home, agentx} = await planOf(flags)
    const text = flags.master ?? agentx
    const master = parseMasterAddress(text)
    if (!master) {
      const like = '/var/agentx/master, tcp:localhost:705 or the like'
      throw new AmavisError('AM_USAGE', `"${text}" is no address of an SNMP agent: expected ${like}`)
    }
    const usual = flags.foreground || !home ? undefined : `${home}/amavis-snmp-subagent.pid`
    const pidFile = flags['pid-file'] ?? usual
    const {becomeSubagent, startSubagent} = await import('../snmp/start-subagent.ts')
    const plan = {
      endpoints,
      mtaQueues,
      level,
      log,
      facility,
      allowRoot: allowRoot ?? false,
      master,
      ...(user !== undefined && {user}),
      ...(pidFile !== undefined && {pidFile: path.resolve(pidFile)}),
    }
    if (flags.foreground) becomeSubagent(plan)
    await startSubagent(plan)
  }
}
