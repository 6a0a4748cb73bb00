/**
 * plain — the counting server's clients as lines of a table and as JSON. Pure.
 *
 * Field names of the JSON are part of the command's manual and keep their meaning.
 */
import type {AnvilState} from '../../anvil/control.ts'
import type {NamedClient} from '../../anvil/store.ts'
import {visibleJson, visibleText} from '../visible.ts'

/** The manual's section about it. */
export const JSON_FIELDS = `With --json one object: running, pid, up_s, unit_s (the seconds of a rate), streams (processes connected), requests
(since the start), size (clients remembered) and clients. Of each: service, client, count (connections now), and within the unit rate
(connections), mail, rcpt, newtls, auth and tlstr.`

export const ANVIL_COLUMNS = [
  'sum',
  'client',
  'service',
  'count',
  'rate',
  'mail',
  'rcpt',
  'newtls',
  'auth',
] as const
export type AnvilColumn = (typeof ANVIL_COLUMNS)[number]

const NUMBERS = ['count', 'rate', 'mail', 'rcpt', 'newtls', 'auth'] as const
const WORDS: Readonly<Record<(typeof NUMBERS)[number], string>> = {
  count: 'NOW',
  rate: 'CONN',
  mail: 'MAIL',
  rcpt: 'RCPT',
  newtls: 'TLS',
  auth: 'AUTH',
}

const NUMBER_WIDTH = 6

/** Widths of names on a terminal of so many columns: with the numbers as wide as 80, and of more room what helps. */
function nameWidths(width: number): {readonly client: number; readonly service: number} {
  const more = Math.max(0, width - 80)
  const service = Math.min(30, more)
  return {client: 33 + Math.min(20, more - service), service: 11 + service}
}

/** smtpd names a client `service:address`, where the service may have colons of its own: `127.0.0.1:25:192.0.2.1`. */
export function splitIdent(ident: string): {readonly service: string; readonly client: string} {
  const [, service, client] = /^(\[[^\]]*\]:[^:]+|\d+\.\d+\.\d+\.\d+:[^:]+|[^:]*):(.*)$/s.exec(ident) ?? []
  return service === undefined ? {service: '', client: ident} : {service, client: client ?? ''}
}

export function anvilHeading(sort: AnvilColumn, reversed: boolean, width = 80): string {
  const names = nameWidths(width)
  const mark = (column: AnvilColumn, text: string) =>
    column === sort ? `${text}${reversed ? '^' : 'v'}` : text
  return (
    mark('client', 'CLIENT').padEnd(names.client) +
    mark('service', 'SERVICE').padEnd(names.service) +
    NUMBERS.map(name => mark(name, WORDS[name]).padStart(NUMBER_WIDTH)).join('')
  )
}

export function anvilLine(client: NamedClient, width = 80): string {
  const names = nameWidths(width)
  const {service, client: name} = splitIdent(client.ident)
  const numbers = NUMBERS.map(number => String(client[number]).padStart(NUMBER_WIDTH)).join('')
  return visibleText(`${fit(name, names.client)}${fit(service, names.service)}${numbers}`)
}

/** With a blank behind it; what is cut says so. */
function fit(text: string, width: number): string {
  return (text.length < width ? text : `${text.slice(0, width - 2)}…`).padEnd(width)
}

export function anvilSummary({size, connections, requests, unit, upSeconds}: AnvilState): string {
  return `${size} clients, ${connections} connected, ${requests} requests, rates in ${unit} s, up ${upSeconds} s`
}

/** Filtered by client and service, in the order of a column. */
export function selectClients(
  clients: readonly NamedClient[],
  filter: RegExp | undefined,
  sort: AnvilColumn,
  reversed: boolean,
): readonly NamedClient[] {
  const sign = reversed ? -1 : 1
  const shown = clients.filter(({ident}) => filter === undefined || filter.test(ident))
  return shown.sort((a, b) => sign * compare(a, b, sort))
}

function compare(a: NamedClient, b: NamedClient, column: AnvilColumn): number {
  switch (column) {
    case 'client':
    case 'service': {
      const [one, two] = [splitIdent(a.ident)[column], splitIdent(b.ident)[column]]
      return one < two ? -1 : one > two ? 1 : 0
    }
    case 'sum':
      return sum(b) - sum(a)
    default:
      return b[column] - a[column]
  }
}

function sum(client: NamedClient): number {
  return NUMBERS.reduce((total, name) => total + client[name], 0)
}

/** With the line end of its last line. */
export function printAnvil(state: AnvilState, json: boolean): string {
  if (json) return `${anvilJson(state)}\n`
  const lines = [
    anvilSummary(state),
    anvilHeading('sum', false),
    ...state.clients.map(client => anvilLine(client)),
  ]
  if (state.clients.length < state.size) lines.push(`… and ${state.size - state.clients.length} more`)
  return `${lines.join('\n')}\n`
}

function anvilJson({pid, upSeconds, unit, connections, requests, size, clients}: AnvilState): string {
  return visibleJson({
    running: true,
    pid,
    up_s: upSeconds,
    unit_s: unit,
    streams: connections,
    requests,
    size,
    clients: clients.map(({ident, ...numbers}) => ({...splitIdent(ident), ...numbers})),
  })
}
