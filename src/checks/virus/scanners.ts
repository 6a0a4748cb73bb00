/**
 * scanners — which virus scanners a configuration asks for, and which of them can be run.
 *
 * Source: spec/config §2.8 "@av_scanners entries". An entry of ask_daemon with a clamd query is run as a stream
 * to that socket; other kinds cannot be run yet: they are told at start and count as scanners that failed, so
 * that mail is never taken for clean because nobody looked.
 */
import {itemsOf} from '../../config/scalar.ts'
import type {Settings} from '../../config/settings.ts'
import type {Scalar} from '../../config/value.ts'
import type {Endpoint} from './clamd.ts'

export type Scanner =
  /** `endpoints` are tried in order until one answers */
  | {readonly kind: 'clamd'; readonly name: string; readonly endpoints: readonly Endpoint[]}
  | {readonly kind: 'unsupported'; readonly name: string; readonly reason: string}

export interface ScannerPlan {
  readonly primary: readonly Scanner[]
  readonly backup: readonly Scanner[]
}

export function planScanners(settings: Settings): ScannerPlan {
  return {
    primary: settings.list('@av_scanners').flatMap(scannerOf),
    backup: settings.list('@av_scanners_backup').flatMap(scannerOf),
  }
}

/** What to tell an operator when the program starts: which scanners are used, and which are not. */
export function describePlan({primary, backup}: ScannerPlan): string[] {
  const lines: string[] = []
  const tell = (scanner: Scanner, rank: string) => {
    if (scanner.kind === 'unsupported')
      lines.push(`${rank} virus scanner ${scanner.name} is not used: ${scanner.reason}`)
    else
      lines.push(
        `${rank} virus scanner ${scanner.name}: clamd at ${scanner.endpoints.map(endpointText).join(', ')}`,
      )
  }
  for (const scanner of primary) tell(scanner, 'primary')
  for (const scanner of backup) tell(scanner, 'backup')
  if (primary.length === 0 && backup.length === 0) {
    lines.push(
      'no virus scanner is configured: the built-in one knows the standard test file and nothing else',
    )
  }
  return lines
}

export function endpointText(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path
  const {host, port} = endpoint
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function scannerOf(entry: Scalar): Scanner[] {
  const items = itemsOf(entry)
  if (!items) return []
  const [label, program, args] = items
  const name = typeof label === 'string' ? label : 'without a name'
  const unsupported = (reason: string): Scanner[] => [{kind: 'unsupported', name, reason}]
  const isDaemon =
    typeof program === 'object' && program.kind === 'code' && program.name?.endsWith('ask_daemon')
  if (!isDaemon) return unsupported('only daemons that speak the protocol of clamd can be asked')
  const [query, sockets] = itemsOf(args) ?? []
  const specs = (itemsOf(sockets) ?? [sockets]).filter(spec => typeof spec === 'string')
  const isClamd =
    specs.some(spec => spec.startsWith('clamd:')) || (typeof query === 'string' && CLAMD_QUERY.test(query))
  if (!isClamd) return unsupported('its daemon does not speak the protocol of clamd')
  const endpoints = specs.map(parseEndpoint).filter(endpoint => endpoint !== undefined)
  if (endpoints.length === 0)
    return unsupported(`no socket can be made out of ${JSON.stringify(specs.join(' '))}`)
  return [{kind: 'clamd', name, endpoints}]
}

/** Queries that only clamd understands. */
const CLAMD_QUERY = /^[nz]?(?:(?:CONT|MULTI|ALLMATCH)SCAN|INSTREAM)\b/

/** `/path`, `host:port`, `[::1]:3310`, each also after `clamd:`, `inet:`, `unix:`. */
export function parseEndpoint(spec: string): Endpoint | undefined {
  const text = spec
    .trim()
    .replace(/^clamd:/, '')
    .replace(/^(?:inet6?|unix|local):/, '')
  if (text.startsWith('/')) return {path: text}
  const match = /^\[?([^\][]+?)\]?:(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  return match && port > 0 && port < 65_536 ? {host: match[1]!, port} : undefined
}
