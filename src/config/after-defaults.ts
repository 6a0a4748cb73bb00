/**
 * after-defaults — what is filled in or settled after the last file (spec/config, Values fixed up).
 */
import {DESTINY} from './category.ts'
import {textOf} from './language/convert.ts'
import {isTrue} from './number.ts'
import type {Problem} from './problem.ts'
import type {Reader} from './reader.ts'
import type {HostFacts} from './request.ts'
import type {Box, Snapshot} from './snapshot.ts'
import {SETTINGS} from './table/table.ts'
import type {HashBox, Scalar} from './value.ts'

const FIELD_NAME = /^[!-9;-~]+$/

export function applyAfterDefaults(reader: Reader): void {
  const {machine} = reader
  const {variables} = machine
  // what the files may have used up
  machine.steps = Math.max(machine.steps, SETTINGS.length)
  for (const {name, afterDefault} of SETTINGS) {
    if (afterDefault !== undefined && isUnset(variables.get(name))) {
      reader.assign(name, afterDefault, `default of ${name}`)
    }
  }
  bounceInsteadOfDiscard(variables, '$final_banned_destiny', '$warnbannedsender')
  bounceInsteadOfDiscard(variables, '$final_bad_header_destiny', '$warnbadhsender')
  allowScannedHeader(variables)
  nameBanks(variables)
}

function isUnset(box: Box | undefined): boolean {
  if (box?.kind === 'array') return box.items.length === 0
  if (box?.kind === 'hash') return box.entries.size === 0
  return box?.value === undefined
}

type Variables = Snapshot['variables']

function scalar(variables: Variables, name: string): Scalar {
  const box = variables.get(name)
  return box?.kind === 'scalar' ? box.value : undefined
}

/** A scalar that may be a value or a reference to a list of values. */
function values(value: Scalar): readonly Scalar[] {
  if (value === undefined) return []
  const isList = typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'array'
  return isList && value.to.kind === 'array' ? value.to.items : [value]
}

/**
 * What only a running program needs, and what printed values must not contain as they may be loaded again:
 * all sockets in one list, and a host name to work with.
 * @returns a warning for each value that was replaced
 */
export function settle(variables: Variables, host: HostFacts): readonly Omit<Problem, 'at'>[] {
  gatherListenSockets(variables)
  const name = variables.get('$myhostname')
  if (name?.kind !== 'scalar') return []
  const given = textOf(name.value)
  if (given.includes('.') || given === 'localhost') return []
  name.value = usableName(given, host, textOf(scalar(variables, '$mydomain')))
  return [
    {
      message: `$myhostname is "${given}", no fully qualified name (with a dot): going on as "${name.value}"`,
      help: 'set it to the name that the DNS has for this machine',
    },
  ]
}

/** A name with a dot for a host: what the resolver says, else the host within the mail domain. */
function usableName(given: string, host: HostFacts, domain: string): string {
  if (host.fqdn.includes('.') && (given === '' || host.fqdn.startsWith(`${given}.`))) return host.fqdn
  const label = given || host.hostname || 'localhost'
  return `${label}.${[domain, host.mailname ?? ''].find(isDomain) ?? 'localdomain'}`
}

function isDomain(text: string): boolean {
  return /^[a-z\d-]+(?:\.[a-z\d-]+)+$/i.test(text)
}

/** $unix_socketname, and $inet_socket_port at each $inet_socket_bind, join @listen_sockets. */
function gatherListenSockets(variables: Variables): void {
  const sockets = variables.get('@listen_sockets')
  if (sockets?.kind !== 'array') return
  const unix = values(scalar(variables, '$unix_socketname')).filter(name => textOf(name) !== '')
  const ports = values(scalar(variables, '$inet_socket_port')).filter(port => textOf(port) !== '')
  const binds = values(scalar(variables, '$inet_socket_bind')).map(textOf)
  const addresses = binds.length === 0 ? [''] : binds
  const inet = ports.flatMap(port =>
    addresses.map(address => {
      if (/[:\]]/.test(textOf(port).replace(/^:/, '')) || address === '') return textOf(port)
      return `${/:/.test(address) && !address.startsWith('[') ? `[${address}]` : address}:${textOf(port)}`
    }),
  )
  sockets.items.push(...unix, ...inet)
}

/** A warning to the sender is a bounce, so mail that would be discarded is bounced. */
function bounceInsteadOfDiscard(variables: Variables, destiny: string, warn: string): void {
  const box = variables.get(destiny)
  if (box?.kind !== 'scalar' || !isTrue(scalar(variables, warn))) return
  if (box.value !== undefined && Number(textOf(box.value)) === DESTINY.DISCARD) box.value = DESTINY.BOUNCE
}

function allowScannedHeader(variables: Variables): void {
  const name = textOf(scalar(variables, '$X_HEADER_TAG')).toLowerCase()
  const allowed = variables.get('%allowed_added_header_fields')
  if (allowed?.kind === 'hash' && FIELD_NAME.test(name) && !allowed.entries.has(name))
    allowed.entries.set(name, 1)
}

/** Every bank knows its own name. */
function nameBanks(variables: Variables): void {
  const banks = variables.get('%policy_bank')
  if (banks?.kind !== 'hash') return
  for (const [name, value] of banks.entries) {
    const bank: HashBox | undefined =
      typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'hash' ? value.to : undefined
    if (name !== '' && bank && !bank.entries.has('policy_bank_name'))
      bank.entries.set('policy_bank_name', name)
  }
}
