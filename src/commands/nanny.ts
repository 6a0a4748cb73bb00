/** nanny — the child processes, on a screen or as text. */
import {Command, Flags} from '@oclif/core'
import type {EndResult} from '../tui/children/local.ts'
import {configuredEndpoints} from '../tui/configured-endpoints.ts'
import {keysText} from '../tui/keys.ts'
import {JSON_FIELDS} from '../tui/nanny/json.ts'
import {controlFlag, endpointsOf, runTextView, viewFlags, withMessages} from '../tui/view-command.ts'

const DEFAULT_WAIT_MS = 2000

export default class Nanny extends Command {
  static override summary = 'Show the child processes and what each of them does.'
  static override description =
    `On a terminal a screen that follows the children live; press ? in it for its keys, enter for a child's
last tasks. Without one, or with --once or -c, lines in the format of amavisd-nanny.

The state letters: A connection accepted, b protocol begins, m MAIL FROM, d data, = checking begins,
G mail_id, D decoding, V virus scan, S spam scan, P pen pals, r result, Q quarantine and notifications,
F forwarding, . done; dots are idle seconds.

Keys: ${keysText()}.

${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --once --connect tcp://mx1.example.com:23232',
    `<%= config.bin %> <%= command.id %> --json -w 10 | jq -c '.children[] | select(.elapsed_ms > 60000)'`,
  ]
  static override flags = {
    ...viewFlags,
    details: Flags.integer({
      helpValue: '<level>',
      min: 0,
      max: 2,
      description:
        'states drawn on the screen: 0 none, 1 the main ones, 2 all; by default $nanny_details_level, else 2',
    }),
    control: controlFlag,
  }
  static override strict = false

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Nanny)
    const wantsText = flags.once || flags.count !== undefined || flags.json || flags.classic
    if (!wantsText && argv.length === 0 && process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
      const {buses, responders, clock} = await withMessages(this, () => endpointsOf(flags))
      const {showNanny} = await import('../tui/nanny/show.tsx')
      const details =
        flags.details ?? (flags.connect ? undefined : (await configuredEndpoints()).details) ?? 2
      await withMessages(this, () =>
        showNanny({
          endpoints: buses,
          responders,
          clock,
          readOnly: flags['read-only'],
          details: details >= 2 ? 2 : details === 1 ? 1 : 0,
          retire: pid => retireChild(pid, flags.control),
        }),
      )
      return
    }
    await runTextView(this, 'nanny', flags, argv as string[], async options => {
      const {printNanny} = await import('../tui/nanny/plain.ts')
      return printNanny({
        ...options,
        waitMs: options.waitMs ?? DEFAULT_WAIT_MS,
        json: flags.json,
        classic: flags.classic,
        readOnly: flags['read-only'],
      })
    })
  }
}

/** The master ends it when its mail is done, and starts another. */
async function retireChild(pid: number, given: string | undefined): Promise<EndResult> {
  const path = given ?? (await configuredEndpoints()).control
  if (path === undefined)
    return {kind: 'refused', reason: 'no control socket of a master is known; see --control'}
  const {askMaster} = await import('../daemon/control.ts')
  const reply = await askMaster(path, {command: 'retire', pid}, {timeoutMs: 2000})
  if (reply?.kind === 'ok') return {kind: 'signalled'}
  return {kind: 'refused', reason: reply?.problems.join('; ') ?? `no master answers at ${path}`}
}
