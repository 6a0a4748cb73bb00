/** status — whether everything is alive, and how busy it is. */
import {Command} from '@oclif/core'
import type {MasterStatus} from '../daemon/answers.ts'
import {configuredEndpoints} from '../tui/configured-endpoints.ts'
import {JSON_FIELDS, type WaitingLine} from '../tui/status/summary.ts'
import {controlFlag, responderFlag, runTextView, viewFlags} from '../tui/view-command.ts'

const DEFAULT_WAIT_MS = 2000
const CLASSIC_WAIT_MS = 1000

export default class Status extends Command {
  static override summary = 'Show whether everything is alive and how busy it is.'
  static override description =
    `Services, children, load with its recent peak, mails a minute, and what became of the mail since the
daemon's start. Shown once; with -c or -w again and again. With --classic the display of amavisd-status.

${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> -w 5',
    `<%= config.bin %> <%= command.id %> --json | jq -e '.services | all(.alive)'`,
  ]
  static override flags = {
    ...viewFlags,
    ...responderFlag,
    control: controlFlag,
  }
  static override strict = false

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Status)
    await runTextView(this, 'status', flags, argv as string[], async options => {
      const {printClassicStatus, printStatus} = await import('../tui/status/plain.ts')
      if (flags.classic) return printClassicStatus({...options, waitMs: options.waitMs ?? CLASSIC_WAIT_MS})
      return printStatus({
        ...options,
        count: options.count ?? (options.waitMs === undefined ? 1 : undefined),
        waitMs: options.waitMs ?? DEFAULT_WAIT_MS,
        json: flags.json,
        waitingLine: async () => (flags.replay === undefined ? askWaitingLine(flags.control) : undefined),
      })
    })
  }
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
