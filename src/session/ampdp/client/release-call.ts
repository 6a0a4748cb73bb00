/**
 * release-call — the command line of amavisd-release as a request: `mail_file [secret_id [alt_recip…]]`.
 *
 * Source: spec/daemon §5.5. Pure.
 */
import type {Request} from './conversation.ts'

export type ReleaseKind = 'release' | 'requeue' | 'report'

export type Call =
  | {readonly kind: 'request'; readonly request: Request}
  | {readonly kind: 'wrong'; readonly reason: string}

/** `[partition]` may follow the name; what has an @ in the place of the secret is a recipient. */
const QUARANTINED = /^((?:[\w.+=@-]+\/)*)([\w.+=@-]+?)(\.gz)?(?:\[(\w+)\])?$/
const ID_LENGTH = 12

export function releaseCall(
  kind: ReleaseKind,
  [mailFile = '', ...rest]: readonly string[],
  requestedBy?: string,
): Call {
  const [, folder = '', name, packed, partition] = QUARANTINED.exec(mailFile) ?? []
  if (name === undefined) return {kind: 'wrong', reason: `Invalid quarantine ID: ${mailFile}`}
  const file = `${folder}${name}${packed ?? ''}`
  const mailId = mailIdOf(name)
  const hasSecret = rest[0] !== undefined && !rest[0].includes('@')
  const secret = hasSecret ? rest[0] : ''
  const recipients = hasSecret ? rest.slice(1) : rest
  const isFile = folder !== '' || mailId !== name
  return {
    kind: 'request',
    request: [
      ['request', kind],
      ['mail_id', mailId],
      ...pair('secret_id', secret),
      ...pair('quar_type', packed === undefined ? (isFile ? 'F' : '') : 'Z'),
      ['mail_file', file],
      ...pair('partition_tag', partition),
      ...pair('requested_by', requestedBy && `<${requestedBy}>`),
      ...recipients.map(address => ['recipient', bracketed(address)] as const),
    ],
  }
}

/** The same for a mail whose file and mail_id are known. */
export function itemRequest(
  kind: ReleaseKind,
  item: {
    readonly name: string
    readonly mailId: string
    readonly recipients: readonly string[]
    readonly requestedBy: string | undefined
  },
): Request {
  return [
    ['request', kind],
    ['mail_id', item.mailId],
    ['quar_type', item.name.endsWith('.gz') ? 'Z' : 'F'],
    ['mail_file', item.name],
    ...pair('requested_by', item.requestedBy && `<${item.requestedBy}>`),
    ...item.recipients.map(address => ['recipient', bracketed(address)] as const),
  ]
}

function pair(name: string, value: string | undefined): Request {
  return value === undefined || value === '' ? [] : [[name, value]]
}

function bracketed(address: string): string {
  return /^<.*>$/.test(address) ? address : `<${address}>`
}

/** An id has marks of its own, so the usual length counts before the last hyphen does. */
function mailIdOf(name: string): string {
  const last = name.slice(-ID_LENGTH)
  if (name.length > ID_LENGTH && name.at(-ID_LENGTH - 1) === '-' && /^[A-Za-z0-9]/.test(last)) return last
  return name.length === ID_LENGTH ? name : (/^[A-Za-z]+-(.+)$/.exec(name)?.[1] ?? name)
}

/** A line of standard input: the same arguments, separated by blanks; undefined for a comment or an empty line. */
export function lineArguments(line: string): readonly string[] | undefined {
  const words = line.split(/\s+/).filter(word => word !== '')
  const end = words.findIndex(word => word.startsWith('#'))
  const meant = end < 0 ? words : words.slice(0, end)
  return meant.length === 0 ? undefined : meant
}
