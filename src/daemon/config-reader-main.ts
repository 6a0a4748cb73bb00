/**
 * config-reader-main — the entry of the process that reads the configuration.
 */
import {sendOnce, startFrames} from '../bus/start-frames.ts'
import {errorText} from '../errors.ts'
import {readAsDaemon} from './config-reader.ts'
import type {ReaderRequest, ReaderResult} from './messages.ts'
import type {Plan} from './plan.ts'

process.once('message', async ({options, announce, inspect}: ReaderRequest) => {
  let result: ReaderResult
  try {
    result = readAsDaemon(options, inspect)
  } catch (error) {
    result = {kind: 'failed', problems: [`cannot read the configuration: ${errorText(error)}`]}
  }
  await new Promise(resolve => process.send?.(result, resolve))
  process.disconnect()
  // The master has what it needs and goes on; that we are starting is said on the bus from here, if
  // somebody listens, so that the master needs no ZeroMQ.
  if (announce > 0 && result.kind === 'ok' && result.plan.bus) await announceStart(result.plan, announce)
  process.exit(0)
})

async function announceStart({busEndpoints, identity}: Plan, masterPid: number): Promise<void> {
  const system = {
    sysDescr: identity.version,
    sysObjectID: '1.3.6.1.4.1.15312.2',
    sysContact: identity.contact,
    sysName: identity.name,
    sysLocation: identity.location,
  }
  await sendOnce(busEndpoints, startFrames(system, masterPid, Date.now()))
}
