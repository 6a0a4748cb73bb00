/**
 * configured-endpoints — where the configuration has the bus.
 *
 * A view may run as a user who cannot read the configuration, or on a machine without one: whatever goes
 * wrong, it has nothing to say.
 */
import type {ConfiguredEndpoints} from './endpoints.ts'

const NONE: ConfiguredEndpoints = {bus: undefined, responder: undefined, control: undefined}

/** Reads the configuration files that the daemon would read when none is named. */
export async function configuredEndpoints(): Promise<ConfiguredEndpoints> {
  try {
    const {defaultFiles, loadConfiguration} = await import('../config/load.ts')
    const {settingsOf} = await import('../config/view.ts')
    const files = defaultFiles()
    if (files.length === 0) return NONE
    const result = loadConfiguration({files})
    if (result.kind === 'failed') return NONE
    const settings = settingsOf(result.snapshot)
    const {configuredBus} = await import('../bus/configured-bus.ts')
    const {endpoints, recording} = configuredBus(settings)
    return {
      bus: endpoints.outer || undefined,
      responder: endpoints.snmp || undefined,
      recording: recording?.folder,
      control: settings.string('$control_socket'),
      details: settings.number('$nanny_details_level'),
    }
  } catch {
    return NONE
  }
}
