/**
 * replay-flags — `--replay`, `--at` and `--speed`: a recording in the place of the bus.
 *
 * `--replay` without a recording (bin/names.js makes it an empty one) means that of the services.
 */
import {Errors, Flags} from '@oclif/core'
import {AmavisError} from '../errors.ts'
import {configuredEndpoints} from './configured-endpoints.ts'
import type {Endpoints} from './endpoints.ts'

const SLOWEST = 0.01
const FASTEST = 1000

export const replayFlags = {
  replay: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<recording>',
    description:
      'show a recording (its folder, or one segment) instead of the bus; without one that of the services',
    exclusive: ['connect', 'snmp-connect'],
  }),
  at: Flags.string({
    helpValue: '<time>',
    description: 'from this moment of the recording: start, end, Unix seconds, or as 2026-11-22T21:00',
    dependsOn: ['replay'],
  }),
  speed: Flags.custom<number>({
    helpValue: '<n>',
    description: 'so many seconds of the recording in a second',
    dependsOn: ['replay'],
    parse: async text => {
      const speed = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0
      if (speed >= SLOWEST && speed <= FASTEST) return speed
      throw new Errors.CLIError(
        `expected a speed such as 4 or 0.5, ${SLOWEST} to ${FASTEST}, found "${text}"`,
      )
    },
  })(),
}

export interface ReplayFlags {
  readonly replay?: readonly string[] | undefined
  readonly at?: string | undefined
  readonly speed?: number | undefined
}

/**
 * Recordings side by side, on one clock.
 * @throws AmavisError AM_USAGE when there is no recording, or the time is none
 */
export async function replayEndpoints(
  recordings: readonly string[],
  {at, speed}: ReplayFlags,
): Promise<Endpoints> {
  const {formatReplay, replayClock} = await import('../bus/recording/replay.ts')
  const found = await Promise.all(recordings.map(async text => (text === '' ? servicesRecording() : text)))
  const clock = await replayClock(found, {...(at !== undefined && {at}), ...(speed !== undefined && {speed})})
  const begun = {atMs: clock.now(), begunMs: Date.now(), speed: clock.speed}
  const [first = '', ...others] = found.map(recording => formatReplay({recording, ...begun}))
  return {buses: [first, ...others], responder: first, responders: [first, ...others], clock}
}

async function servicesRecording(): Promise<string> {
  const {recording} = await configuredEndpoints()
  if (recording !== undefined) return recording
  throw new AmavisError(
    'AM_USAGE',
    'no configuration that can be read has a recording ($bus_recording); say --replay FOLDER',
  )
}
