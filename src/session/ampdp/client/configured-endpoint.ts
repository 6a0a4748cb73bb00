/**
 * configured-endpoint — the socket of a configuration that speaks AM.PDP.
 */
import type {Settings} from '../../../config/settings.ts'
import {socketSpecs} from '../../../config/socket-spec.ts'
import {admit} from '../../access.ts'
import type {Endpoint} from './conversation.ts'

/** Where Debian's packages have it. */
export const USUAL_SOCKET = '/var/lib/amavis/amavisd.sock'

/** Undefined: no socket does. Those of the file system come first: they say who may talk to them. */
export function configuredEndpoint(settings: Settings): Endpoint | undefined {
  const sockets = socketSpecs(settings)
  if (sockets.kind === 'failed') return undefined
  const found = sockets.sockets.flatMap(spec => {
    const listener =
      spec.kind === 'unix'
        ? {address: undefined, port: undefined, path: spec.path}
        : {address: spec.host || '127.0.0.1', port: spec.port, path: undefined}
    const admission = admit({remoteAddress: listener.address, listener}, settings)
    if (admission.kind !== 'admitted' || admission.protocol !== 'AM.PDP') return []
    return [spec.kind === 'unix' ? spec.path : `${listener.address}:${spec.port}`]
  })
  return found.find(endpoint => endpoint.startsWith('/')) ?? found[0]
}
