/**
 * quick-agent — `amavis agent --once` without oclif, which takes longer to load than the answer to come:
 * scripts ask for the counters again and again.
 *
 * Reads only command lines that are plainly right; for all others oclif is loaded, and says what is wrong.
 */
import {parseArgs} from 'node:util'
import {AmavisError} from '../../errors.ts'
import {configuredEndpoints} from '../configured-endpoints.ts'
import {resolveEndpoints} from '../endpoints.ts'
import {printAgent} from './plain.ts'

/**
 * Do what a command line (without `agent`) asks, if it is one of these.
 * @returns the exit status; undefined when this is for oclif
 */
export async function quickAgent(args: readonly string[]): Promise<number | undefined> {
  const options = readOptions(args)
  if (!options?.once || (options.json && options.csv)) return undefined
  try {
    const {responders} = await resolveEndpoints({
      connect: options.connect,
      snmpConnect: options['snmp-connect'],
      environment: process.env,
      configured: configuredEndpoints,
    })
    return await printAgent({
      responders,
      count: 1,
      waitMs: 0,
      json: options.json ?? false,
      csv: options.csv ?? false,
      filter: undefined,
      classic: false,
      stdout: text => void process.stdout.write(text),
      stderr: text => void process.stderr.write(text),
      signal: new AbortController().signal,
    })
  } catch (error) {
    if (error instanceof AmavisError) return undefined
    throw error
  }
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        once: {type: 'boolean'},
        json: {type: 'boolean'},
        csv: {type: 'boolean'},
        connect: {type: 'string', multiple: true},
        'snmp-connect': {type: 'string', multiple: true},
      },
      strict: true,
    }).values
  } catch {
    return undefined
  }
}
