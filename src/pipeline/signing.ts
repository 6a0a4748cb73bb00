/**
 * signing — signatures for mail of our own users as it leaves, after all our edits.
 *
 * Diagnostics: `dkim: signing …` and `dkim: not signing, …` at level 2. A key that cannot be used is found when the
 * configuration is read; whatever else fails here leaves the mail with the client.
 */

import {BodyHash} from '../actions/dkim/canonical.ts'
import {type Choice, candidatesOf, candidatesText, chooseKeys} from '../actions/dkim/choose.ts'
import {signingKeys} from '../actions/dkim/keys.ts'
import {signatureField} from '../actions/dkim/sign.ts'
import {applyEdits, type HeaderEdits} from '../actions/edits/apply.ts'
import type {VerifiedSignature} from '../checks/dkim/signature.ts'
import {optionalNumber} from '../config/scalar.ts'
import type {Settings} from '../config/settings.ts'
import type {Log} from '../log/log.ts'
import {isNamed, parseHeader} from '../message/header.ts'
import type {Header, HeaderField} from '../message/message.ts'
import {type Octets, octetsOf, readChunks} from '../message/octets.ts'

/** A mail that is about to leave. */
export interface LeavingMail {
  /** of the octets */
  readonly header: Header
  readonly octets: Octets
  readonly edits: HeaderEdits
  readonly repaired: ReadonlyMap<HeaderField, Buffer> | undefined
  readonly envelopeSender: string
  readonly settings: Settings
  /** of the mail as it came */
  readonly signatures: readonly VerifiedSignature[]
  /** the client will put a Received field of its own above all */
  readonly byClient: boolean
}

export interface Signed {
  /** whole fields with CRLF, to stand above all others; '' for none */
  readonly fields: string
  /** `selector:domain` of each */
  readonly pairs: readonly string[]
}

const UNSIGNED: Signed = {fields: '', pairs: []}

export async function signLeaving(mail: LeavingMail, log: Log, now = Date.now()): Promise<Signed> {
  const {settings, octets, header} = mail
  const leaving = headerAsItLeaves(mail)
  const candidates = candidatesOf(leaving, mail.envelopeSender)
  if (log.enabled(2)) log.write(2, `dkim: candidate originators: ${candidatesText(candidates)}`)
  const choice = chooseKeys(candidates, signingKeys(settings), settings)
  if (!choice) return unsigned('no key for any of them', log)
  if (mail.signatures.some(signature => isSame(signature, choice)))
    return unsigned(`a valid signature by d=${choice.domain} is there`, log)

  const hash = new BodyHash(choice.bodyForm)
  await hashBody(octets, header.size, hash)
  const bodyHash = hash.digest()
  const signedAt = Math.floor(now / 1000)
  const counts = settings.hash('%signed_header_fields')
  const count = (lowerName: string) => optionalNumber(counts.get(lowerName)) ?? 0
  const fields = mail.byClient ? withoutTopmostReceived(leaving.fields) : leaving.fields
  let text = ''
  const pairs: string[] = []
  for (const key of choice.keys) {
    const tags = {
      ...choice,
      selector: key.selector,
      signedAt,
      expiresAt: choice.ttl === undefined ? undefined : signedAt + choice.ttl,
    }
    text += signatureField(fields, count, bodyHash, tags, key.key)
    pairs.push(`${key.selector}:${choice.domain}`)
    if (log.enabled(2)) log.write(2, signingLine(choice, key.selector, key.algorithm))
  }
  return {fields: text, pairs}
}

/** A mail of our own making: its octets, with our signatures above them. */
export async function signOwn(
  octets: Buffer,
  {envelopeSender, settings, log}: {envelopeSender: string; settings: Settings; log: Log},
): Promise<{octets: Buffer; pairs: readonly string[]}> {
  const {fields, pairs} = await signLeaving(
    {
      header: parseHeader(octets),
      octets: octetsOf(octets),
      edits: {prepend: '', remove: new Set(), drop: new Set(), subject: undefined},
      repaired: undefined,
      envelopeSender,
      settings,
      signatures: [],
      byClient: false,
    },
    log,
  )
  return {octets: fields === '' ? octets : Buffer.concat([Buffer.from(fields, 'latin1'), octets]), pairs}
}

function headerAsItLeaves({header, edits, repaired}: LeavingMail): Header {
  const {head, from} = applyEdits(header, edits, repaired)
  if (from > 0) return parseHeader(head)
  if (head.length === 0) return header
  return {...header, fields: [...parseHeader(head).fields, ...header.fields]}
}

async function hashBody(octets: Octets, from: number, hash: BodyHash): Promise<void> {
  let position = 0
  for await (const chunk of readChunks(octets)) {
    const start = Math.max(0, from - position)
    if (start < chunk.length) hash.update(chunk.subarray(start))
    position += chunk.length
  }
}

function withoutTopmostReceived(fields: readonly HeaderField[]): readonly HeaderField[] {
  const top = fields.find(field => isNamed(field, 'received'))
  return top === undefined ? fields : fields.filter(field => field !== top)
}

function isSame({result, domain, identity}: VerifiedSignature, choice: Choice): boolean {
  const own = choice.identity ?? `@${choice.domain}`
  return result === 'pass' && domain === choice.domain && identity.toLowerCase() === own.toLowerCase()
}

function unsigned(why: string, log: Log): Signed {
  if (log.enabled(2)) log.write(2, `dkim: not signing, ${why}`)
  return UNSIGNED
}

function signingLine(choice: Choice, selector: string, algorithm: string): string {
  const {candidate, isAuthor, headerForm, bodyForm, domain, ttl, identity} = choice
  const tags = [
    `a=>${algorithm}`,
    `c=>${headerForm}/${bodyForm}`,
    `d=>${domain}`,
    ...(identity === undefined ? [] : [`i=>${identity}`]),
    `s=>${selector}`,
    ...(ttl === undefined ? [] : [`ttl=>${ttl}`]),
  ]
  const role = isAuthor ? 'author' : '3rd-party'
  return `dkim: signing (${role}), ${candidate.role}: <${candidate.address}>, ${tags.join(', ')}`
}
