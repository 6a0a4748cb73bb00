/** status — is it well? One answer for each host. */
import {Command, Flags} from '@oclif/core'
import type {MasterStatus} from '../daemon/answers.ts'
import {configuredEndpoints} from '../tui/configured-endpoints.ts'
import {DEFAULT_BUS} from '../tui/endpoints.ts'
import {keysText, STATUS_ACTIONS} from '../tui/keys.ts'
import type {MasterFacts, Place} from '../tui/status/facts.ts'
import type {AskMaster} from '../tui/status/feed.ts'
import {JSON_FIELDS} from '../tui/status/json.ts'
import {DEFAULT_LIMITS, type Limits, parseThresholds, thresholdsText} from '../tui/status/thresholds.ts'
import {
  controlFlag,
  endpointsOf,
  responderFlag,
  runTextView,
  viewFlags,
  withMessages,
} from '../tui/view-command.ts'

const DEFAULT_WAIT_MS = 2000
const CLASSIC_WAIT_MS = 1000
const MASTER_LIMIT_MS = 2000
/** exit status of a plugin that cannot tell */
const UNKNOWN = 3

export default class Status extends Command {
  static override summary = 'Show whether everything is well, and what to do where it is not.'
  static override description =
    `Daemon, last reload, children, waiting connections, mail and its contents, times, scanners, next hop, bus,
services, the counting server where there is one, queues of the MTA, preserved evidence, incidents; then each
warning with what to do. A line begins with ! for a warning, X for what is critical, - where nobody tells. On a terminal a live screen; several hosts by
--connect given more than once, then enter shows one of them. Without a terminal, with --once, -c or -w, text.
What only the master knows comes from its control socket, on this machine and for its user or root. With
--classic the display of amavisd-status.

Keys: ${keysText(STATUS_ACTIONS)}.

With --check one line, and exit status 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (wrong thresholds). A service of
the bus that says nothing is critical, and no child at all. Thresholds are of ${thresholdsText()}. The
last ten minutes are those that were watched: a single look sees only what happens in it.

${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --connect tcp://mx1:23232 --connect tcp://mx2:23232',
    '<%= config.bin %> <%= command.id %> --check --warning busy=80,oldest=60 --critical oldest=300',
    `<%= config.bin %> <%= command.id %> --once --json | jq -e '.level == "ok"'`,
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
      helpValue: '<name=value>',
      description: 'threshold above which to warn, such as busy=80,oldest=120',
    }),
    critical: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<name=value>',
      description: 'threshold above which it is critical',
    }),
  }
  static override strict = false

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Status)
    const limits = limitsOf(flags)
    if (!limits) {
      if (!flags.check) this.error(`thresholds are a name, = and a number, of ${thresholdsText()}`, {exit: 2})
      this.log('AMAVIS UNKNOWN - thresholds are a name, = and a number, such as busy=80,oldest=60')
      process.exitCode = UNKNOWN
      return
    }
    const {check, json, classic, control} = flags
    const askMaster: AskMaster = flags.replay === undefined ? masterOf(control) : async () => undefined
    const wantsText =
      flags.once || flags.count !== undefined || flags.wait !== undefined || json || check || classic
    if (!wantsText && argv.length === 0 && process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
      const {buses, responders, clock} = await withMessages(this, () => endpointsOf(flags))
      const {showStatus} = await import('../tui/status/show.tsx')
      const places = placesOf(buses, responders)
      return withMessages(this, () => showStatus({places, askMaster, limits, clock}))
    }
    await runTextView(this, 'status', flags, argv as string[], async options => {
      const {printClassicStatus, printStatus} = await import('../tui/status/plain.ts')
      if (classic) return printClassicStatus({...options, waitMs: options.waitMs ?? CLASSIC_WAIT_MS})
      return printStatus({
        ...options,
        places: placesOf(options.endpoints, options.responders),
        count: options.count ?? (options.waitMs === undefined ? 1 : undefined),
        waitMs: options.waitMs ?? DEFAULT_WAIT_MS,
        json,
        check,
        limits,
        askMaster,
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

function placesOf(buses: readonly string[], responders: readonly [string, ...string[]]): readonly Place[] {
  return buses.map((endpoint, i) => ({endpoint, responder: responders[i] ?? responders[0]}))
}

/**
 * Asks the master of this machine, for the bus that is its own: the one that the configuration names, or, with a
 * socket named, the first that is asked for. Another bus is another daemon's.
 */
function masterOf(given: string | undefined): AskMaster {
  let first: string | undefined
  let configured: Promise<{bus: string | undefined; control: string | undefined}> | undefined
  return async endpoint => {
    if (given !== undefined) {
      first ??= endpoint
      return endpoint === first ? askMasterAt(given) : undefined
    }
    const {bus, control} = await (configured ??= configuredEndpoints())
    return control !== undefined && endpoint === (bus ?? DEFAULT_BUS) ? askMasterAt(control) : undefined
  }
}

async function askMasterAt(path: string): Promise<MasterFacts | undefined> {
  const {askMaster} = await import('../daemon/control.ts')
  const reply = await askMaster(path, {command: 'status'}, {timeoutMs: MASTER_LIMIT_MS})
  if (reply?.kind !== 'ok') return undefined
  const status = reply as unknown as MasterStatus
  const {
    pid,
    name,
    version = '',
    generation,
    startedAt,
    maximum = 0,
    waiting,
    reload,
    services,
    evidence,
    anvil,
  } = status
  return {
    pid,
    name,
    version,
    generation,
    startedMs: startedAt,
    maximum,
    waiting,
    reload: reload && {atMs: reload.at, ok: reload.ok, problems: reload.problems},
    services,
    anvil,
    // a daemon of an earlier version says nothing of it
    evidence: (evidence ?? []).map(({at, ...one}) => ({...one, atMs: at})),
  }
}
