/** mc status — whether the supervisor of the bus and its services run. */
import {Command, Flags} from '@oclif/core'
import {busFlags, planOf} from '../../bus/cli/flags.ts'
import {mcStateLines, readMcState, SUPERVISOR, stateFileOf} from '../../bus/mc-state.ts'
import {errorText} from '../../errors.ts'
import {readPidFile} from '../../process/pid-file.ts'

const NOT_RUNNING = 3

export default class McStatus extends Command {
  static override summary = 'Show whether the services of the monitoring bus run.'
  static override description =
    `A line for amavis-mc and for each service: its PID, for how long it is up, and how often it was started again.
Exit status: 0 all run, 1 one of them is down, 3 amavis-mc does not run.

With --json one object: running, pid or null, services (name, pid, startedMs, restarts, lastEnd, nextStartMs).`
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override flags = {
    config: busFlags.config,
    instance: busFlags.instance,
    home: busFlags.home,
    'pid-file': Flags.string({
      char: 'P',
      helpValue: '<file>',
      description: 'PID file; default: $MYHOME/amavis-mc.pid',
    }),
    json: Flags.boolean({description: 'print JSON'}),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(McStatus)
    try {
      process.exitCode = this.#report(flags['pid-file'] ?? (await pidFileOf(flags)), flags.json)
    } catch (error) {
      for (const line of errorText(error).split('\n')) this.logToStderr(`amavis mc status: ${line}`)
      process.exitCode = 1
    }
  }

  /** @returns the exit status */
  #report(pidFile: string, json: boolean): number {
    const found = readPidFile(pidFile, SUPERVISOR)
    if (found.kind !== 'running') {
      this.log(json ? JSON.stringify({running: false, pid: null, services: []}) : 'amavis-mc does not run')
      return NOT_RUNNING
    }
    const state = readMcState(stateFileOf(pidFile), found.pid) ?? {pid: found.pid, services: []}
    if (json) this.log(JSON.stringify({running: true, ...state}))
    else for (const line of mcStateLines(state, Date.now())) this.log(line)
    return state.services.every(({pid}) => pid !== undefined) ? 0 : 1
  }
}

async function pidFileOf(flags: {
  readonly config?: string[] | undefined
  readonly instance?: string | undefined
  readonly home?: string | undefined
}): Promise<string> {
  const {home} = await planOf({...flags, foreground: false, debug: 0, 'allow-root': true})
  return `${home ?? ''}/amavis-mc.pid`
}
