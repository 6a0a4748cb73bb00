/** snmp-subagent — the counters for an SNMP agent, by AgentX. */
import {Command, Flags} from '@oclif/core'
import {busFlags, planOf} from '../bus/cli/flags.ts'
import {AmavisError, errorText} from '../errors.ts'

export default class SnmpSubagent extends Command {
  static override summary = 'Serve the counters to an SNMP agent (AgentX).'
  static override description =
    `Gives the counters, the children's states and the entries in Postfix's queues to the SNMP agent of this machine,
under 1.3.6.1.4.1.15312.2.1; they can only be read. An agent that is not there or restarts is tried again.
snmpd needs "master agentx" in its configuration, and a socket that $daemon_user may use: "agentXPerms 0660 0550 root
amavis", or "agentXSocket tcp:localhost:705" with $agentx_socket the same.

Where snmp-responder does not answer the last values are served for 20 s, then there are none. The queues are
counted where they may be read (-u postfix); elsewhere what childproc-minder counts is shown.

Stays in the foreground; -f only makes it log to standard error. SIGTERM and SIGINT end it.

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
    'pid-file': Flags.string({char: 'P', helpValue: '<file>', description: 'PID file; default: none'}),
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
      const plan = await planOf(flags)
      const {runSubagentProcess} = await import('../snmp/process.ts')
      await runSubagentProcess({
        ...plan,
        master: flags.master ?? plan.agentx,
        ...(flags['pid-file'] !== undefined && {pidFile: flags['pid-file']}),
      })
    } catch (error) {
      for (const line of errorText(error).split('\n')) this.logToStderr(`amavis snmp-subagent: ${line}`)
      this.exit(error instanceof AmavisError && error.code === 'AM_USAGE' ? 2 : 1)
    }
  }
}
