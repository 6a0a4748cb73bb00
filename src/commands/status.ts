/** status — whether everything is alive, and how busy it is. */
import {Command, Flags} from '@oclif/core'
import type {MasterStatus} from '../daemon/answers.ts'
import {configuredEndpoints} from '../tui/configured-endpoints.ts'
import {DEFAULT_LIMITS, type Limits, parseThresholds} from '../tui/status/check.ts'
import {JSON_FIELDS, type WaitingLine} from '../tui/status/summary.ts'
import {controlFlag, responderFlag, runTextView, viewFlags} from '../tui/view-command.ts'

const DEFAULT_WAIT_MS = 2000
const CLASSIC_WAIT_MS = 1000
/** exit status of a plugin that cannot tell */
const UNKNOWN = 3

export default class Status extends Command {
  static override summary = 'Show whether everything is alive and how busy it is.'
  static override description =
    `Services, children, load with its recent peak, mails a minute, and what became of the mail since the
daemon's start. Shown once; with -c or -w again and again. With --classic the display of amavisd-status.

With --check one line, and exit status 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (wrong thresholds). A service of
the bus that says nothing is critical, and no child at all. Thresholds are of busy (per cent of the children,
warning 90), oldest (seconds of the oldest task, 300 and 600), waiting (connections that wait for a child,
warning 1) and age (seconds since the bus was heard, critical 3.5).

${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> -w 5',
    '<%= config.bin %> <%= command.id %> --check --warning busy=80,oldest=60 --critical oldest=300',
    `<%= config.bin %> <%= command.id %> --json | jq -e '.services | all(.alive)'`,
  ]
  static override flags = {
    ...viewFlags,
    ...responderFlag,
    control: controlFlag,
    check: Flags.boolean({
      description: 'one line and exit status as monitoring plugins have them',
      exclusive: ['json', 'classic', 'count', 'wait'],
    }),
    warning: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      dependsOn: ['check'],
      helpValue: '<name=value>',
      description: 'threshold above which --check warns, such as busy=80,oldest=120',
    }),
    critical: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      dependsOn: ['check'],
      helpValue: '<name=value>',
      description: 'threshold above which --check is critical',
    }),
  }
  static override strict = false

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Status)
    const check = flags.check ? limitsOf(flags) : undefined
    if (flags.check && !check) {
      this.log('AMAVIS UNKNOWN - thresholds are busy=, oldest=, waiting= and age= with a number')
      process.exitCode = UNKNOWN
      return
    }
    await runTextView(this, 'status', flags, argv as string[], async options => {
      const {printClassicStatus, printStatus} = await import('../tui/status/plain.ts')
      if (flags.classic) return printClassicStatus({...options, waitMs: options.waitMs ?? CLASSIC_WAIT_MS})
      return printStatus({
        ...options,
        count: options.count ?? (options.waitMs === undefined ? 1 : undefined),
        waitMs: options.waitMs ?? DEFAULT_WAIT_MS,
        json: flags.json,
        check,
        waitingLine: async () => (flags.replay === undefined ? askWaitingLine(flags.control) : undefined),
      })
    })
  }
}

function limitsOf(flags: {
  readonly warning?: string[] | undefined
  readonly critical?: string[] | undefined
}): Limits | undefined {
  const warning = parseThresholds(flags.warning ?? [], DEFAULT_LIMITS.warning)
  const critical = parseThresholds(flags.critical ?? [], DEFAULT_LIMITS.critical)
  return warning && critical && {warning, critical}
}

/** The master is asked only on this machine, and only by those who may. */
async function askWaitingLine(given: string | undefined): Promise<WaitingLine | undefined> {
  const path = given ?? (await configuredEndpoints()).control
  if (path === undefined) return undefined
  const {askMaster} = await import('../daemon/control.ts')
  const reply = await askMaster(path, {command: 'status'}, {timeoutMs: 2000})
  if (reply?.kind !== 'ok') return undefined
  const {waiting} = reply as unknown as MasterStatus
  return {waiting: waiting.length, limit: waiting.limit}
}
