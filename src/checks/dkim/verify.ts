/**
 * verify — the DKIM signatures of a mail and what comes of each, and its ARC chain, by mailauth.
 *
 * mailauth is loaded with the first signed mail; who verifies nothing does not pay for it. Old DomainKeys are
 * not looked at. Source: RFC 6376, RFC 8463; spec/daemon §11.2.
 */
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {isNamed} from '../../message/header.ts'
import type {Header, HeaderField} from '../../message/message.ts'
import {evaluateArc, hasArcFields, isArcField} from '../authentication/arc.ts'
import {type ArcResult, visible} from '../authentication/result.ts'
import {isAbsent, type ResolveTxt} from '../dns/resolver.ts'
import type {VerifiedSignature} from './signature.ts'

/** Signatures beyond these, from the top, are not looked at: each may want its own hash of the whole body. */
const MOST_SIGNATURES = 20
/** Of signatures of a part of the body (`l=`) these, from the top: each wants a hash of the body of its own. */
const MOST_PARTIAL = 2
/** Longer fields of a signature are not verified, nor is a chain that has one. Honest ones have a few thousand octets. */
const LONGEST_FIELD = 32 * 1024
/** Nor those with more names in `h=`: each is looked for among all fields of the mail. */
const MOST_NAMES = 500
/** Lines of the header section: what mailauth does with a field takes the square of them. Honest mail has a hundred. */
const MOST_LINES = 10_000
/** Shorter keys fail; those below `$dkim_minimum_key_bits` verify and count for nothing. */
const SMALLEST_KEY_BITS = 512
const ED25519_BITS = 256

/**
 * One entry for each signature, topmost first; those that are not verified as they cost too much come last.
 * @param content the whole mail, of which `header` is the header section
 */
export async function verifySignatures(
  content: Buffer,
  header: Header,
  resolve: ResolveTxt,
  now: Date = new Date(),
): Promise<readonly VerifiedSignature[]> {
  if (hasTooManyLines(content)) return noneVerified(header)
  return signaturesIn(await verified(content, header, resolve, now), header)
}

/**
 * The signatures and the ARC chain, for which the body is read once.
 * @param minimumBits of rsa keys in the chain
 */
export async function verifyChained(
  content: Buffer,
  header: Header,
  resolve: ResolveTxt,
  minimumBits: number,
  now: Date = new Date(),
): Promise<{readonly signatures: readonly VerifiedSignature[]; readonly arc: ArcResult | undefined}> {
  if (hasTooManyLines(content)) {
    const arc = hasArcFields(header) ? {...TOO_LONG_CHAIN, detail: TOO_MANY_LINES} : undefined
    return {signatures: noneVerified(header), arc}
  }
  const failed: string[] = []
  const noting: ResolveTxt = name =>
    resolve(name).catch(error => {
      if (!isAbsent(error)) failed.push(name)
      throw error
    })
  const verifier = await verified(content, header, noting, now)
  const signatures = signaturesIn(verifier, header)
  if (header.fields.some(field => isArcField(field) && isExcessive(field)))
    return {signatures, arc: TOO_LONG_CHAIN}
  return {signatures, arc: await evaluateArc(verifier.arc, verifier.resolver, failed, minimumBits)}
}

const TOO_LONG_CHAIN: ArcResult = {
  result: 'fail',
  instance: 0,
  domain: '',
  detail: 'a field of the chain is too long',
}

const TOO_MANY_LINES = 'the header section has too many lines'

/** To the first empty line, wherever the header section is taken to end. */
function hasTooManyLines(content: Buffer): boolean {
  let lines = 0
  for (let at = 0; ; ) {
    const end = content.indexOf(LF, at)
    if (end <= at || (end === at + 1 && content[at] === CR)) return false
    if (++lines > MOST_LINES) return true
    at = end + 1
  }
}

const LF = 0x0a
const CR = 0x0d

function noneVerified({fields}: Header): readonly VerifiedSignature[] {
  return fields
    .filter(field => isNamed(field, 'dkim-signature'))
    .slice(0, MOST_SIGNATURES)
    .map(field => unverified(field, TOO_MANY_LINES))
}

function isExcessive({raw}: HeaderField): boolean {
  if (raw.length > LONGEST_FIELD) return true
  let colons = 0
  for (let at = raw.indexOf(COLON); at >= 0; at = raw.indexOf(COLON, at + 1))
    if (++colons > MOST_NAMES) return true
  return false
}

const COLON = 0x3a

async function verified(content: Buffer, header: Header, resolve: ResolveTxt, now: Date) {
  const {DkimVerifier} = await import('#mailauth/dkim-verifier')
  const verifier = new DkimVerifier({
    resolver: name => resolve(name),
    strict: true,
    minBitLength: SMALLEST_KEY_BITS,
    curTime: now,
  })
  // Signers that are as old as their SHA-1 are no forgers: as the original has it.
  verifier.rejectRsaSha1 = false
  await pipeline(Readable.from(octetsOf(content, header)), verifier)
  return verifier
}

function signaturesIn(
  {results}: {readonly results: readonly Result[]},
  header: Header,
): readonly VerifiedSignature[] {
  const surplus = surplusPartial(header)
  return [
    ...results.flatMap(result => (result.signingDomain === undefined ? [] : [signatureOf(result)])),
    ...header.fields
      .filter(field => isNamed(field, 'dkim-signature'))
      .slice(0, MOST_SIGNATURES)
      .filter(field => isExcessive(field) || surplus.has(field))
      .map(field => unverified(field, isExcessive(field) ? TOO_LONG : TOO_MANY_PARTIAL)),
  ]
}

/** Whose hash of the body would be one too many. */
function surplusPartial({fields}: Header): ReadonlySet<HeaderField> {
  const partial = fields.filter(
    field =>
      isNamed(field, 'dkim-signature') &&
      !isExcessive(field) &&
      IS_PARTIAL.test(field.raw.toString('latin1')),
  )
  return new Set(partial.slice(MOST_PARTIAL))
}

const IS_PARTIAL = /[:;][ \t\r\n]*l[ \t\r\n]*=/

const TOO_LONG = 'the signature is too long'
const TOO_MANY_PARTIAL = 'too many signatures of a part of the body'

/** What can be said of a signature that is not verified. */
function unverified({raw}: HeaderField, detail: string): VerifiedSignature {
  const text = raw.toString('latin1', 0, LONGEST_FIELD)
  const tag = (name: string) =>
    visible(new RegExp(`[:;]\\s*${name}\\s*=\\s*([^;\\s]{1,253})`).exec(text)?.[1] ?? '')
  const domain = tag('d').toLowerCase()
  return {
    domain,
    selector: tag('s'),
    identity: `@${domain}`,
    algorithm: tag('a'),
    canonicalization: '',
    result: 'invalid',
    detail,
    bits: undefined,
    expires: undefined,
    headers: '',
    value: '',
  }
}

type Result = InstanceType<typeof import('#mailauth/dkim-verifier')['DkimVerifier']>['results'][number]

function signatureOf(result: Result): VerifiedSignature {
  const {status, signingDomain = '', expiresAfter} = result
  return {
    domain: signingDomain.toLowerCase(),
    selector: result.selector ?? '',
    identity: status.header?.['i'] || `@${signingDomain}`,
    algorithm: result.algo ?? '',
    canonicalization: result.format ?? '',
    ...outcomeOf(status),
    bits: result.modulusLength ?? (result.publicKey === undefined ? undefined : ED25519_BITS),
    expires: expiresAfter ? Math.floor(Date.parse(expiresAfter) / 1000) : undefined,
    headers: result.signingHeaders?.keys ?? '',
    value: (result.signature ?? '').replace(/\s+/g, ''),
  }
}

/** In the original's words, which are those of the log and of Authentication-Results. */
function outcomeOf({
  result,
  comment,
  policy,
}: Result['status']): Pick<VerifiedSignature, 'result' | 'detail'> {
  const detail = comment || Object.values(policy ?? {}).join(', ')
  if (result === 'pass') return {result: 'pass', detail: ''}
  if (detail === 'body hash did not verify') return {result: 'fail', detail: 'body has been altered'}
  if (detail === 'bad signature') return {result: 'fail', detail: 'message has been altered'}
  if (detail === 'expired') return {result: 'fail', detail: 'good, but expired'}
  if (result === 'fail' || result === 'temperror') return {result, detail}
  return {result: 'invalid', detail}
}

/** The mail without its signatures beyond the limits, and without fields that are too long to be verified. */
function* octetsOf(content: Buffer, header: Header): Generator<Buffer> {
  const surplus = surplusPartial(header)
  let seen = 0
  let start = 0
  let end = 0
  for (const field of header.fields) {
    const next = end + field.raw.length
    const isSignature = isNamed(field, 'dkim-signature')
    if (isSignature) seen++
    if (
      (isSignature && (seen > MOST_SIGNATURES || surplus.has(field))) ||
      ((isSignature || isArcField(field)) && isExcessive(field))
    ) {
      if (end > start) yield content.subarray(start, end)
      start = next
    }
    end = next
  }
  yield content.subarray(start)
}
