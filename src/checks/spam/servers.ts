/**
 * servers — where the daemons listen that spam scanners ask, as an entry of `@spam_scanners` says.
 *
 *     ['SpamdClient', 'Amavis::SpamControl::SpamdClient', host => 'sa1.example.net,[2001:db8::1]:1783', tls => 1]
 *     ['SpamdClient', 'Amavis::SpamControl::SpamdClient', socket => '/run/spamd.sock']
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
