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
  readonly replay?: string | undefined
  readonly at?: string | undefined
  readonly speed?: number | undefined
}

/** @throws AmavisError AM_USAGE when there is no recording, or the time is none */
export async function replayEndpoints(recording: string, {at, speed}: ReplayFlags): Promise<Endpoints> {
  const {replayEndpoint} = await import('../bus/recording/replay.ts')
  const endpoint = await replayEndpoint(
    {
      recording: recording === '' ? await servicesRecording() : recording,
      ...(at !== undefined && {at}),
      ...(speed !== undefined && {speed}),
    },
    Date.now(),
  )
  return {buses: [endpoint], responder: endpoint, responders: [endpoint]}
}

async function servicesRecording(): Promise<string> {
  const {recording} = await configuredEndpoints()
  if (recording !== undefined) return recording
  throw new AmavisError(
    'AM_USAGE',
    'no configuration that can be read has a recording ($bus_recording); say --replay FOLDER',
  )
}
