/**
 * servers — where the daemons listen that spam scanners ask, as an entry of `@spam_scanners` says, and which of
 * them are worth asking.
 *
 *     ['SpamdClient', 'Amavis::SpamControl::SpamdClient', host => 'sa1.example.net,[2001:db8::1]:1783', tls => 1]
 *     ['SpamdClient', 'Amavis::SpamControl::SpamdClient', socket => '/run/spamd.sock']
 *
 * One that fails is left alone for a while, so that a dead server does not cost each mail its time.
 */
import {readFileSync} from 'node:fs'
import {isTrue} from '../../config/number.ts'
import {itemsOf, optionalNumber} from '../../config/scalar.ts'
import type {Scalar} from '../../config/value.ts'

export type Server =
  | {readonly path: string}
  | {readonly host: string; readonly port: number; readonly tls: TlsUse | undefined}

export interface TlsUse {
  /** certificates to trust in the place of the system's */
  readonly ca: Buffer | undefined
}

/** What is meant where an entry does not say it. */
export interface ServerDefaults {
  readonly hosts: readonly string[]
  readonly port: number
}

/** For how long a server that failed is not asked. */
export const REFUSED_PAUSE_MS = 2000
export const HUNG_PAUSE_MS = 5000

/**
 * Those of an entry, in the order in which they are to be asked.
 * @throws Error when the file of certificates cannot be read
 */
export function serversOf(options: ReadonlyMap<string, Scalar>, defaults: ServerDefaults): readonly Server[] {
  const paths = texts(options.get('socket'))
  const hosts = texts(options.get('host'))
  const port = optionalNumber(options.get('port')) ?? defaults.port
  const tls = isTrue(options.get('tls')) ? tlsUse(options) : undefined
  const named = hosts.length === 0 && paths.length === 0 ? defaults.hosts : hosts
  return [
    ...paths.map(path => ({path})),
    ...named.map(text => {
      const [, bracketed, plain, own] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? []
      return {host: bracketed ?? plain ?? text, port: own === undefined ? port : Number(own), tls}
    }),
  ]
}

/** @throws Error when the file of certificates cannot be read */
export function tlsUse(options: ReadonlyMap<string, Scalar>): TlsUse {
  const [file] = texts(options.get('ca_file'))
  return {ca: file === undefined ? undefined : readFileSync(file)}
}

export function serverText(server: Server): string {
  if ('path' in server) return server.path
  const {host, port, tls} = server
  return `${host.includes(':') ? `[${host}]` : host}:${port}${tls ? ' with TLS' : ''}`
}

/** One text with commas, or a list of them. */
export function texts(value: Scalar): readonly string[] {
  const items = itemsOf(value) ?? [value]
  return items
    .flatMap(item => (typeof item === 'string' ? item.split(/[\s,]+/) : []))
    .filter(item => item !== '')
}

/** Which servers have failed lately; times in ms of the clock that is handed in. */
export class Breakers {
  readonly #now: () => number
  readonly #closedAgainAt = new Map<Server, number>()

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Those that may be asked. */
  usable(servers: readonly Server[]): readonly Server[] {
    return servers.filter(server => (this.#closedAgainAt.get(server) ?? 0) <= this.#now())
  }

  failed(server: Server, pauseMs: number): void {
    this.#closedAgainAt.set(server, this.#now() + pauseMs)
  }

  answered(server: Server): void {
    this.#closedAgainAt.delete(server)
  }
}
