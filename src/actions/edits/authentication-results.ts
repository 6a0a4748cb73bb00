/**
 * authentication-results — what came of a mail's signatures, for whoever reads it after us.
 *
 * Source: RFC 8601, spec/daemon §11.3: one field for all signatures.
 */
import type {VerifiedSignature} from '../../checks/dkim/signature.ts'
import type {HeaderField} from '../../message/message.ts'
import {foldItems} from './fold.ts'

/** In the words of RFC 8601 §2.7.1. */
const RESULTS: Readonly<Record<VerifiedSignature['result'], string>> = {
  pass: 'pass',
  fail: 'fail',
  invalid: 'neutral',
  temperror: 'temperror',
  none: 'none',
}

/** '' without signatures. */
export function authenticationResults(authserv: string, signatures: readonly VerifiedSignature[]): string {
  const reported = withoutFailedCopies(signatures)
  if (reported.length === 0) return ''
  const items = [authserv, '(amavis);']
  for (const [n, signature] of reported.entries()) {
    const {bits, detail, domain, value} = signature
    const result = RESULTS[signature.result]
    const rest = [
      ...(bits === undefined ? [] : [`(${bits}-bit key)`]),
      ...(detail === '' || detail === result ? [] : [`reason="${detail.replace(/[^ !#-[\]-~]+/g, ' ')}"`]),
      `header.d=${token(domain)}`,
      ...(isNeeded(value, reported) ? [`header.b="${value.slice(0, 8)}"`] : []),
    ]
    items.push(`dkim=${result}`, ...rest)
    if (n < reported.length - 1) items[items.length - 1] += ';'
  }
  return foldItems('Authentication-Results', items)
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
