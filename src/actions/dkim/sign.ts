/**
 * sign — the field DKIM-Signature for a mail as it leaves.
 *
 * Source: RFC 6376, RFC 8463 (ed25519); spec/daemon §11.1 and §15.7. Never with `l=`: what follows a signed
 * part of a body would pass with it.
 */
import {createHash, type KeyObject, sign} from 'node:crypto'
import {isNamed} from '../../message/header.ts'
import type {HeaderField} from '../../message/message.ts'
import {canonicalField, type Form} from './canonical.ts'

export interface SignatureTags {
  readonly domain: string
  readonly selector: string
  /** `i=`; undefined where it would be `@domain` */
  readonly identity: string | undefined
  readonly headerForm: Form
  readonly bodyForm: Form
  /** Unix time in s */
  readonly signedAt: number
  readonly expiresAt: number | undefined
  /** `q=`; undefined for the default */
  readonly query: string | undefined
}

/**
 * The whole field, folded, with its CRLF.
 * @param fields of the header as it leaves, top down
 * @param count by name in lower case: 1 for each instance, 2 for one more, so that none can be added
 * @param bodyHash base64, in the form that the tags name
 */
export function signatureField(
  fields: readonly HeaderField[],
  count: (lowerName: string) => number,
  bodyHash: string,
  tags: SignatureTags,
  key: KeyObject,
): string {
  const isRsa = key.asymmetricKeyType === 'rsa'
  const {names, signed} = signedFields(fields, count)
  const items = [
    'v=1;',
    `a=${isRsa ? 'rsa' : 'ed25519'}-sha256;`,
    `c=${tags.headerForm}/${tags.bodyForm};`,
    `d=${tags.domain};`,
    `s=${tags.selector};`,
    ...(tags.identity === undefined ? [] : [`i=${tags.identity};`]),
    ...(tags.query === undefined ? [] : [`q=${tags.query};`]),
    `t=${tags.signedAt};`,
    ...(tags.expiresAt === undefined ? [] : [`x=${tags.expiresAt};`]),
    ...`h=${names.join(':')};`.split(/(?<=:)/).map((name, n) => ({name, joined: n > 0})),
    `bh=${bodyHash};`,
    'b=',
  ]
  const unsigned = folded('DKIM-Signature:', items)
  const octets = Buffer.from(
    signed.map(({raw}) => canonicalField(raw, tags.headerForm)).join('') +
      canonicalField(Buffer.from(`${unsigned}\r\n`, 'latin1'), tags.headerForm).replace(/\r\n$/, ''),
    'latin1',
  )
  const signature = isRsa
    ? sign('sha256', octets, key)
    : sign(null, createHash('sha256').update(octets).digest(), key)
  const [first = '', ...rest] = signature.toString('base64').match(/.{1,70}/g) ?? []
  // The value begins on the line of its tag: a verifier takes it out again as one piece.
  return `${unsigned}${[first, ...rest].join('\r\n\t')}\r\n`
}

const WIDTH = 72

type Item = string | {readonly name: string; readonly joined: boolean}

function folded(start: string, items: readonly Item[]): string {
  let text = ''
  let line = start
  for (const item of items) {
    const {name, joined} = typeof item === 'string' ? {name: item, joined: false} : item
    const isLast = name === 'b='
    if (isLast || line.length + 1 + name.length > WIDTH) {
      text += `${line}\r\n`
      line = `\t${name}`
    } else line += joined ? name : ` ${name}`
  }
  return text + line
}

/** From the bottom up, as verifiers count (RFC 6376 §5.4.2). */
function signedFields(fields: readonly HeaderField[], count: (lowerName: string) => number) {
  const names: string[] = []
  const signed: HeaderField[] = []
  const left = new Map<string, number>()
  for (const {name} of fields) {
    const lower = name.trimEnd().toLowerCase()
    left.set(lower, (left.get(lower) ?? 0) + 1)
  }
  for (const field of fields.toReversed()) {
    const lower = field.name.trimEnd().toLowerCase()
    const wanted = isNamed(field, 'from') ? Math.max(1, count(lower)) : count(lower)
    if (lower === '' || wanted < 1) continue
    names.push(lower)
    signed.push(field)
    const more = left.get(lower)! - 1
    left.set(lower, more)
    if (more === 0 && wanted > 1) names.push(lower)
  }
  return {names, signed}
}
