/**
 * authentication-results — what came of a mail's signatures, SPF, ARC and DMARC, for whoever reads it after us.
 *
 * Source: RFC 8601, spec/daemon §11.3: one field for all.
 */
import type {Authentication} from '../../checks/authentication/result.ts'
import type {VerifiedSignature} from '../../checks/dkim/signature.ts'
import type {HeaderField} from '../../message/message.ts'
import type {Facts} from '../../verdict/verdict.ts'
import {foldItems} from './fold.ts'

type AuthenticationFacts = Pick<Facts, 'signatures' | 'authentication'>

/** In the words of RFC 8601 §2.7.1. */
const RESULTS: Readonly<Record<VerifiedSignature['result'], string>> = {
  pass: 'pass',
  fail: 'fail',
  invalid: 'neutral',
  temperror: 'temperror',
  none: 'none',
}

/** '' where nothing was evaluated. */
export function authenticationResults(
  authserv: string,
  {signatures, authentication}: AuthenticationFacts,
): string {
  const results = [
    ...(signatures ? dkimResults(signatures) : NONE),
    ...(authentication ? senderResults(authentication) : NONE),
  ]
  if (results.length === 0) return ''
  const items = results.flatMap((result, n) =>
    n < results.length - 1 ? [...result.slice(0, -1), `${result.at(-1)};`] : result,
  )
  return foldItems('Authentication-Results', [authserv, '(amavis);', ...items])
}

/** One method's result, in words that are not broken. */
type ResultItems = readonly string[]
const NONE: readonly ResultItems[] = []

function dkimResults(signatures: readonly VerifiedSignature[]): readonly ResultItems[] {
  const reported = withoutFailedCopies(signatures)
  return reported.map(signature => {
    const {bits, detail, domain, value} = signature
    const result = RESULTS[signature.result]
    return [
      `dkim=${result}`,
      ...(bits === undefined ? [] : [`(${bits}-bit key)`]),
      ...reason(detail === result ? '' : detail),
      `header.d=${token(domain)}`,
      ...(isNeeded(value, reported) ? [`header.b="${value.slice(0, 8)}"`] : []),
    ]
  })
}

/** SPF, ARC and DMARC (RFC 8601 §2.7.2, RFC 8617 §4.1.1, RFC 9989 §9.1). */
function senderResults({spf, arc, dmarc}: Authentication): readonly ResultItems[] {
  const results: ResultItems[] = []
  if (spf)
    results.push([
      `spf=${spf.result}`,
      ...reason(spf.detail),
      ...property(`smtp.${spf.identity}`, spf.domain),
    ])
  // RFC 8617 has no property for who sealed last.
  if (arc)
    results.push([
      `arc=${arc.result}`,
      ...(arc.instance > 0 ? [`(i=${arc.instance}`, `d=${token(arc.domain)})`] : []),
      ...reason(arc.detail),
    ])
  if (dmarc)
    results.push([
      `dmarc=${dmarc.result}`,
      ...(dmarc.policy === undefined ? [] : [`(p=${dmarc.policy})`]),
      ...reason(dmarc.detail),
      ...property('header.from', dmarc.domain),
    ])
  return results
}

function reason(detail: string): readonly string[] {
  return detail === '' ? [] : [`reason="${detail.replace(/[^ !#-[\]-~]+/g, ' ')}"`]
}

function property(name: string, domain: string): readonly string[] {
  return domain === '' ? [] : [`${name}=${token(domain)}`]
}

/** A signature that fails beside a copy of itself that does not is not told of. */
function withoutFailedCopies(signatures: readonly VerifiedSignature[]): readonly VerifiedSignature[] {
  return signatures.filter(
    signature =>
      signature.result === 'pass' ||
      !signatures.some(other => other.result === 'pass' && other.value === signature.value),
  )
}

/** `header.b` tells signatures apart, where it can. */
function isNeeded(value: string, all: readonly VerifiedSignature[]): boolean {
  const begin = value.slice(0, 8)
  return (
    all.length > 1 &&
    /^[\w+/=]+$/.test(begin) &&
    all.filter(other => other.value.startsWith(begin)).length === 1
  )
}

function token(text: string): string {
  return text.replace(/[^\w.-]+/g, '_')
}

/**
 * Whether a field claims to be ours, or says nothing that can be understood: neither is to be believed by
 * whoever reads the mail after us (RFC 8601 §5).
 */
export function isForged({raw, name}: HeaderField, authserv: string): boolean {
  const body = raw.toString('latin1', name.length + 1)
  const [id = ''] = withoutComments(body).trim().split(/[;\s]/, 1)
  const [host = ''] = id.replace(/^"|"$/g, '').split('/')
  return host === '' || host.toLowerCase() === authserv.toLowerCase()
}

function withoutComments(text: string): string {
  let depth = 0
  let rest = ''
  for (const character of text) {
    if (character === '(') depth++
    else if (character === ')') depth = Math.max(0, depth - 1)
    else if (depth === 0) rest += character
  }
  return rest
}
