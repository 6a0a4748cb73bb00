/**
 * view-command — what the commands nanny, agent and status have in common: flags, endpoints, streams,
 * signals and exit status.
 */
import {type Command, Errors, Flags} from '@oclif/core'
import {AmavisError} from '../errors.ts'
import {type ClassicOptions, classicUsage, isSeconds, parseClassicOptions} from './classic-options.ts'
import {configuredEndpoints} from './configured-endpoints.ts'
import {type Endpoints, resolveEndpoints} from './endpoints.ts'
import {type ReplayFlags, replayEndpoints, replayFlags} from './replay-flags.ts'

/** Flags of every view. */
export const viewFlags = {
  once: Flags.boolean({description: 'show the state once and exit', exclusive: ['count']}),
  count: Flags.integer({char: 'c', helpValue: '<n>', description: 'exit after so many displays'}),
  wait: Flags.custom<number>({
    char: 'w',
    helpValue: '<s>',
    description: 'seconds between two displays, fractions allowed',
    parse: async text => {
      if (!isSeconds(text)) throw new Errors.CLIError(`expected seconds such as 2 or 0.5, found "${text}"`)
      return Number(text)
    },
  })(),
  json: Flags.boolean({description: 'print JSON, one object a display, one display a line'}),
  connect: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<endpoint>',
    description: 'bus to listen to, such as tcp://127.0.0.1:23232; may be given more than once',
  }),
  ...replayFlags,
  'read-only': Flags.boolean({description: 'offer nothing that changes anything'}),
  classic: Flags.boolean({
    description: 'exactly the original program: its text, streams and exit status',
    exclusive: ['json'],
  }),
}

/** For views that ask the responder. */
export const responderFlag = {
  'snmp-connect': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<endpoint>',
    description: 'snmp-responder to ask; by default the one beside each bus, such as tcp://127.0.0.1:23233',
  }),
}

/** For views that ask the master. */
export const controlFlag = Flags.string({
  helpValue: '<path>',
  description: 'control socket of the master to ask, by default the one of the configuration',
})

export interface ViewFlags extends ReplayFlags {
  readonly once: boolean
  readonly count?: number | undefined
  readonly wait?: number | undefined
  readonly json: boolean
  readonly connect?: string[] | undefined
  readonly 'snmp-connect'?: string | string[] | undefined
  readonly 'read-only': boolean
  readonly classic: boolean
}

export interface ViewOptions {
  readonly endpoints: readonly string[]
  /** of each endpoint, and more where more were named */
  readonly responders: readonly [string, ...string[]]
  readonly count: number | undefined
  readonly waitMs: number | undefined
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly signal: AbortSignal
}

/**
 * Run a view in text: options as parsed, streams, and a signal that ends it.
 *
 * What follows `--` is the command line of the original, only with `--classic`. There SIGINT and SIGTERM
 * are the view's to answer; elsewhere they end the process.
 */
export async function runTextView(
  command: Command,
  program: 'nanny' | 'agent' | 'status' | 'timing',
  flags: ViewFlags,
  rest: readonly string[],
  view: (options: ViewOptions) => Promise<number>,
): Promise<void> {
  const options = classicOptions(command, program, flags, rest)
  if (options === undefined) return
  const stop = new AbortController()
  if (flags.classic) {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  }
  // a reader that goes away ends us, on whichever stream the lines are
  process.stderr.on('error', () => process.exit(0))
  const {buses, responders} = await withMessages(command, () => endpointsOf(flags))
  process.exitCode = await withMessages(command, () =>
    view({
      endpoints: buses,
      responders,
      ...options,
      stdout: text => void process.stdout.write(text),
      stderr: text => void process.stderr.write(text),
      signal: stop.signal,
    }),
  )
}

function classicOptions(
  command: Command,
  program: 'nanny' | 'agent' | 'status' | 'timing',
  flags: ViewFlags,
  rest: readonly string[],
): ClassicOptions | undefined {
  if (rest.length === 0) {
    const waitMs = flags.wait === undefined ? undefined : flags.wait * 1000
    return {count: flags.once ? 1 : flags.count, waitMs}
  }
  if (!flags.classic || program === 'timing') {
    return command.error(`unexpected argument: ${rest[0]}`, {exit: 2})
  }
  const options = parseClassicOptions(rest)
  if (options) return options
  const usage = classicUsage(program)
  process.stdout.write(usage.stdout)
  process.stderr.write(usage.stderr)
  process.exitCode = usage.status
  return undefined
}

/** Endpoints by flags, environment and configuration. */
export async function endpointsOf(
  flags: Pick<ViewFlags, 'connect' | 'snmp-connect'> & ReplayFlags,
): Promise<Endpoints> {
  if (flags.replay !== undefined) return replayEndpoints(flags.replay, flags)
  return resolveEndpoints({
    connect: flags.connect,
    snmpConnect: flags['snmp-connect'],
    environment: process.env,
    configured: configuredEndpoints,
  })
}

/** Errors that a person can mend, without a stack; 2 for wrong use, else 1. */
export async function withMessages<T>(command: Command, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof AmavisError) command.error(error.message, {exit: error.code === 'AM_USAGE' ? 2 : 1})
    throw error
  }
}
