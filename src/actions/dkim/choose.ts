/**
 * choose — with which keys a mail is signed, and for whom.
 *
 * Candidates are asked for in order: the author, who sent it again, the sender, the sender of the envelope. The
 * first that a key is for decides. Source: spec/daemon §11.1. Pure.
 */
import type {Settings} from '../../config/settings.ts'
import type {Scalar} from '../../config/value.ts'
import {lookupAll} from '../../lookup/lookup.ts'
import {parseAddresses, splitAddress} from '../../message/address.ts'
import {fieldBody} from '../../message/header.ts'
import type {Header} from '../../message/message.ts'
import type {Form} from './canonical.ts'
import {keysFor, type SigningKey} from './keys.ts'

/** An address that a mail may be signed for, and where it stands: `From`, `Sender`, `MailFrom` … */
export interface Candidate {
  readonly role: string
  readonly address: string
}

export interface Choice {
  readonly candidate: Candidate
  /** for the author, or for somebody else */
  readonly isAuthor: boolean
  /** one for each algorithm */
  readonly keys: readonly SigningKey[]
  /** `d=` */
  readonly domain: string
  /** `i=`; undefined where it is `@` and the domain */
  readonly identity: string | undefined
  readonly headerForm: Form
  readonly bodyForm: Form
  /** s */
  readonly ttl: number | undefined
  /** `q=`; undefined for the default */
  readonly query: string | undefined
}

const DEFAULT_FORMS = 'relaxed/simple'

/** Addresses that a mail may be signed for, in the order in which they are asked about. */
export function candidatesOf(header: Header, envelopeSender: string): readonly Candidate[] {
  const found: Candidate[] = []
  const add = (role: string, names: readonly string[]) => {
    for (const field of header.fields) {
      if (!names.includes(field.name.trimEnd().toLowerCase())) continue
      for (const address of parseAddresses(fieldBody(field))) found.push({role, address})
    }
  }
  add('From', ['from'])
  add('Resent', ['resent-sender', 'resent-from'])
  add('Sender', ['sender'])
  if (envelopeSender !== '') found.push({role: 'MailFrom', address: envelopeSender})
  return found
}

/** `From:<a@example.org>, MailFrom:<b@example.org>` */
export function candidatesText(candidates: readonly Candidate[]): string {
  return candidates.map(({role, address}) => `${role}:<${address}>`).join(', ')
}

/** undefined: there is no key for anybody. */
export function chooseKeys(
  candidates: readonly Candidate[],
  keys: readonly SigningKey[],
  settings: Settings,
): Choice | undefined {
  const authors = candidates.filter(({role}) => role === 'From').map(({address}) => domainOf(address))
  for (const candidate of candidates) {
    const own = domainOf(candidate.address)
    const options = optionsFor(candidate.address, settings)
    const domain = (options.get('d') ?? own).toLowerCase()
    const fitting = keysFor(domain, keys).filter(key => isWanted(key, options))
    const chosen = oneOfEach(fitting, options.has('a') || options.has('s'))
    if (domain === '' || chosen.length === 0) continue
    const [header = '', body = 'simple'] = (options.get('c') ?? DEFAULT_FORMS).split('/')
    const ttl = Number(options.get('ttl'))
    const isOwn = own === domain
    return {
      candidate,
      isAuthor: authors.some(author => author === domain || author.endsWith(`.${domain}`)),
      keys: chosen,
      domain,
      identity: options.get('i') ?? (isOwn || !own.endsWith(`.${domain}`) ? undefined : `@${own}`),
      headerForm: formOf(header),
      bodyForm: formOf(body),
      ttl: ttl > 0 ? ttl : undefined,
      query: options.get('q'),
    }
  }
  return undefined
}

/** The tags for a sender: of all entries that match, the first that has a tag says it. */
function optionsFor(address: string, settings: Settings): ReadonlyMap<string, string> {
  const maps = settings.list('@dkim_signature_options_bysender_maps')
  const options = new Map<string, string>()
  if (maps.length === 0) return options
  for (const {value} of lookupAll(maps, address, settings)) {
    for (const [tag, text] of entriesOf(value)) {
      if (!options.has(tag) && (typeof text === 'string' || typeof text === 'number'))
        options.set(tag, String(text))
    }
  }
  return options
}

function entriesOf(value: Scalar): Iterable<readonly [string, Scalar]> {
  return typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'hash' ? value.to.entries : []
}

function isWanted({selector, algorithm}: SigningKey, options: ReadonlyMap<string, string>): boolean {
  const wanted = options.get('a')
  return (
    (options.get('s') ?? selector) === selector &&
    (wanted === undefined || wanted.split('-')[0]!.toLowerCase() === algorithm.split('-')[0])
  )
}

/** With keys of both kinds a mail gets a signature of each: old verifiers do not know ed25519. */
function oneOfEach(keys: readonly SigningKey[], isNamed: boolean): readonly SigningKey[] {
  const [first] = keys
  if (first === undefined || isNamed) return keys.slice(0, 1)
  const other = keys.find(({algorithm}) => algorithm !== first.algorithm)
  return other ? [first, other] : [first]
}

function formOf(text: string): Form {
  return text.trim().toLowerCase() === 'relaxed' ? 'relaxed' : 'simple'
}

function domainOf(address: string): string {
  return splitAddress(address).domain.toLowerCase()
}
