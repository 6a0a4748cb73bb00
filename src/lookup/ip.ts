/**
 * ip — client addresses in lists and tables of networks.
 *
 * Source: spec/config, IP address lookup. Pure. The order of a list counts: the first network that holds
 * the address decides, whatever the size of the list.
 */
import {
  type Address,
  dottedForm,
  dottedNumber,
  fullForm,
  MAPPED,
  type Network,
  parseAddress,
  parseNetwork,
} from '../config/ip-network.ts'
import {numberText} from '../config/number.ts'
import type {Settings} from '../config/settings.ts'
import type {Obj, Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {callCode} from './code.ts'
import {NetworkIndex} from './network-index.ts'
import type {Match} from './table.ts'

/** What can be asked about a client's address. */
interface NetworkTable {
  find(client: Client): Match | undefined
}

/** Lists never change once a configuration is loaded, so what was made of one is kept as long as it lives. */
const preparedLists = new WeakMap<readonly Scalar[], NetworkTable>()
const preparedTables = new WeakMap<readonly Scalar[], readonly NetworkTable[]>()

/**
 * The first element of an address list, `@inet_acl` or `@mynetworks`, that holds an address: 1, or 0 for
 * a negated one. References to further lists in it are followed.
 * @param address any notation; one that is no address matches nothing but `::/0`
 * @throws AmavisError AM_CONFIG for an element that is no network
 */
export function lookupIp(acl: readonly Scalar[], address: string): Match | undefined {
  return acl.length === 0 ? undefined : listTable(acl).find(new Client(address))
}

/**
 * A client address in a list of tables, such as `@mynetworks_maps`: constants, hashes, address lists.
 * @throws AmavisError AM_CONFIG for a table that cannot be asked
 */
export function lookupIpTables(
  tables: readonly Scalar[],
  address: string,
  settings: Settings,
): Match | undefined {
  let ready = preparedTables.get(tables)
  if (!ready) {
    ready = tables.map(tableOf).filter(table => table !== undefined)
    preparedTables.set(tables, ready)
  }
  if (ready.length === 0) return undefined
  settings.observer?.asked(tables, address, 'client', settings)
  const client = new Client(address, settings)
  for (let i = 0; i < ready.length; i++) {
    const match = ready[i]!.find(client)
    if (match) return match
  }
  return undefined
}

/** A client's address, and its forms, made when a table asks for them. */
class Client {
  /** IPv4 as 32 bits; -1 for anything else */
  readonly number: number
  readonly text: string
  readonly settings: Settings | undefined

  constructor(text: string, settings?: Settings) {
    this.text = text
    this.settings = settings
    this.number = dottedNumber(text)
  }

  get address(): Address | undefined {
    return this.number >= 0 ? [0, 0, MAPPED, this.number] : parseAddress(this.text)
  }
}

/** A table; undefined for one that never has an answer. What cannot be a table fails when it is asked. */
function tableOf(element: Scalar): NetworkTable | undefined {
  const isPointer = typeof element === 'object' && element.kind === 'ref' && element.to.kind === 'scalar'
  const value = isPointer && element.to.kind === 'scalar' ? element.to.value : element
  if (value === undefined) return undefined
  if (typeof value !== 'object') {
    const match = {value, matchedKey: '(constant)'}
    return {find: () => match}
  }
  if (value.kind === 'ref' && value.to.kind === 'array') return listTable(value.to.items)
  if (value.kind === 'ref' && value.to.kind === 'hash') return hashTable(value.to.entries)
  if (value.kind === 'object' && value.of === 'IP') return listTable(value.items)
  if (value.kind === 'object' && value.of === 'Label') return undefined
  if (value.kind === 'object' && /^Opaque/.test(value.of)) return opaqueTable(value)
  if (value.kind === 'code') {
    return {
      find(client) {
        const given = client.settings && callCode(value, client.settings, [client.text])
        if (typeof given === 'object' && given.kind === 'code') return unusable('a sub that gives a sub')
        return tableOf(given)?.find(client)
      },
    }
  }
  return {find: () => unusable(value.kind === 'object' ? value.of : 'a reference')}
}

function opaqueTable(object: Obj): NetworkTable | undefined {
  const [value] = object.items
  const match = {value, matchedKey: '(opaque)'}
  return value === undefined ? undefined : {find: () => match}
}

function unusable(what: string): never {
  throw new AmavisError('AM_CONFIG', `${what} cannot be used as a table of networks`)
}

/** A list as it is asked: its networks by an index each, the hashes between them one by one. */
function listTable(list: readonly Scalar[]): NetworkTable {
  let table = preparedLists.get(list)
  if (!table) {
    const parts = partsOf(list)
    table = parts.length === 1 ? parts[0]! : firstOf(parts)
    preparedLists.set(list, table)
  }
  return table
}

function firstOf(parts: readonly NetworkTable[]): NetworkTable {
  return {
    find(client) {
      for (const part of parts) {
        const match = part.find(client)
        if (match) return match
      }
      return undefined
    },
  }
}

/** Lists inside a list are elements of it. */
function partsOf(list: readonly Scalar[]): NetworkTable[] {
  const parts: NetworkTable[] = []
  let networks: Network[] = []
  let texts: string[] = []
  const close = () => {
    if (networks.length > 0) parts.push(indexTable(networks, texts))
    networks = []
    texts = []
  }
  const add = (items: readonly Scalar[], depth: number) => {
    if (depth > DEEPEST) throw new AmavisError('AM_CONFIG', 'an address list holds itself')
    for (const item of items) {
      if (item === undefined) continue
      if (typeof item !== 'object') {
        const text = typeof item === 'number' ? numberText(item) : item
        networks.push(networkOf(text))
        texts.push(text)
      } else if (item.kind === 'ref' && item.to.kind === 'array') add(item.to.items, depth + 1)
      else if (item.kind === 'ref' && item.to.kind === 'hash') {
        close()
        parts.push(hashTable(item.to.entries))
      } else throw new AmavisError('AM_CONFIG', 'an address list has something else than networks in it')
    }
  }
  add(list, 0)
  close()
  return parts
}

const DEEPEST = 100

function networkOf(text: string): Network {
  const network = parseNetwork(text)
  if (!network) throw new AmavisError('AM_CONFIG', `"${text}" is no address or network`)
  return network
}

function indexTable(networks: readonly Network[], texts: readonly string[]): NetworkTable {
  const index = new NetworkIndex(networks)
  const negated = networks.map(network => network.negated)
  return {
    find(client) {
      const entry = positionOf(index, client)
      return entry < 0 ? undefined : {value: negated[entry] ? 0 : 1, matchedKey: texts[entry]!}
    },
  }
}

function positionOf(index: NetworkIndex, client: Client): number {
  if (client.number >= 0) return index.find4(client.number)
  const {address} = client
  if (!address) return index.findInvalid()
  return address[0] === 0 && address[1] === 0 && address[2] === MAPPED
    ? index.find4(address[3])
    : index.find6(address)
}

function hashTable(entries: ReadonlyMap<string, Scalar>): NetworkTable {
  return {
    find(client) {
      const key = clientKeys(client.address).find(candidate => entries.has(candidate))
      const value = key === undefined ? undefined : entries.get(key)
      return key === undefined || value === undefined ? undefined : {value, matchedKey: key}
    },
  }
}

/** Keys of a hash of networks: the dotted address and its leading parts, then the full IPv6 form. */
export function clientKeys(address: Address | undefined): string[] {
  if (!address) return []
  const keys: string[] = []
  let key = dottedForm(address)
  while (key !== undefined) {
    keys.push(key)
    key = key.includes('.') ? key.slice(0, key.lastIndexOf('.')) : undefined
  }
  keys.push(fullForm(address))
  return keys
}
