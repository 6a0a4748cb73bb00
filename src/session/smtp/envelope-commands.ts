/**
 * envelope-commands — the parameters of MAIL and RCPT (RFC 1870, 3461, 6152, 6531). Pure.
 *
 * A parameter counts only where its keyword was announced.
 */
import type {Recipient} from '../../message/envelope.ts'
import {decodeOrcpt, decodeXtext} from '../../message/xtext.ts'
import {type PathArgument, readUtf8} from './path.ts'
import type {SessionPolicy} from './policy.ts'
import type {MailInProgress} from './state.ts'

export interface Refusal {
  /** reply without its line end */
  readonly refusal: string
}

type Notify = NonNullable<Recipient['notify']>[number]
const NOTIFY: ReadonlySet<string> = new Set(['NEVER', 'SUCCESS', 'FAILURE', 'DELAY'])

/** RFC 3461 §4.4 */
const ENVID_LIMIT = 100
/** RFC 3461 §4.2 */
const ORCPT_LIMIT = 500

export function parseMail(
  path: PathArgument,
  policy: SessionPolicy,
): {readonly mail: MailInProgress} | Refusal {
  let declaredSize: number | undefined
  let body: MailInProgress['body']
  let smtputf8 = false
  let ret: MailInProgress['ret']
  let envid: string | undefined
  const seen = new Set<string>()
  for (const [name, value] of path.parameters) {
    const bad = {refusal: `501 5.5.4 Error: bad value of MAIL parameter ${name}`}
    if (seen.has(name)) return {refusal: `501 5.5.4 Error: MAIL parameter ${name} given twice`}
    seen.add(name)
    const keyword = MAIL_KEYWORDS.get(name)
    if (keyword === undefined || !policy.keywords.has(keyword)) return unknown(name, value)
    switch (name) {
      case 'SIZE':
        if (value === undefined || !/^\d{1,20}$/.test(value)) return bad
        declaredSize = Number(value)
        break
      case 'BODY': {
        const type = value?.toUpperCase()
        if (type !== '7BIT' && type !== '8BITMIME') return bad
        body = type
        break
      }
      case 'SMTPUTF8':
        if (value !== undefined) return bad
        smtputf8 = true
        break
      case 'RET': {
        const what = value?.toUpperCase()
        if (what !== 'FULL' && what !== 'HDRS') return bad
        ret = what
        break
      }
      case 'ENVID':
        envid = value === undefined || value.length > ENVID_LIMIT ? undefined : decodeXtext(value)
        if (envid === undefined || envid === '') return bad
        break
      case 'AUTH':
        // who first submitted the mail (RFC 4954 §5); nothing here hangs on it
        if (!value || decodeXtext(value) === undefined) return bad
        break
    }
  }
  if (declaredSize !== undefined && policy.sizeLimit !== undefined && declaredSize > policy.sizeLimit) {
    return {refusal: `552 5.3.4 Declared message size (${declaredSize} B) exceeds size limit`}
  }
  const sender = smtputf8 ? readUtf8(path.address) : path.address
  if (sender === undefined) return {refusal: '553 5.6.7 Error: address is not valid UTF-8'}
  return {
    mail: {
      sender,
      declaredSize,
      body,
      smtputf8,
      ret,
      envid,
      recipients: [],
      refused: 0,
      beyondLimit: 0,
      sizeLimit: 0,
      chunked: false,
    },
  }
}

const MAIL_KEYWORDS: ReadonlyMap<string, string> = new Map([
  ['SIZE', 'SIZE'],
  ['BODY', '8BITMIME'],
  ['SMTPUTF8', 'SMTPUTF8'],
  ['RET', 'DSN'],
  ['ENVID', 'DSN'],
  ['AUTH', 'AUTH'],
])

function unknown(name: string, value: string | undefined): Refusal {
  const text = value === undefined ? name : `${name}=${value}`
  return {refusal: `504 5.5.4 MAIL command parameter error: ${text.slice(0, 200).replace(/[^ -~]/g, '?')}`}
}

export function parseRcpt(
  path: PathArgument,
  mail: MailInProgress,
  policy: SessionPolicy,
): {readonly recipient: Recipient} | Refusal {
  let orcpt: string | undefined
  let notify: Notify[] | undefined
  for (const [name, value] of path.parameters) {
    if ((name !== 'ORCPT' && name !== 'NOTIFY') || !policy.keywords.has('DSN')) {
      const shown = name.slice(0, 200).replace(/[^ -~]/g, '?')
      return {refusal: `555 5.5.4 RCPT command parameter unrecognized: ${shown}`}
    }
    if ((name === 'ORCPT' ? orcpt : notify) !== undefined) {
      return {refusal: `501 5.5.4 Error: RCPT parameter ${name} given twice`}
    }
    if (name === 'NOTIFY') notify = parseNotify(value)
    else if (value !== undefined && value.length <= ORCPT_LIMIT) {
      const text = mail.smtputf8 ? readUtf8(value) : value
      orcpt = text === undefined ? undefined : decodeOrcpt(text)
    }
    if ((name === 'ORCPT' ? orcpt : notify) === undefined) {
      return {refusal: `501 5.5.4 Error: bad value of RCPT parameter ${name}`}
    }
  }
  const address = mail.smtputf8 ? readUtf8(path.address) : path.address
  if (address === undefined) return {refusal: '553 5.6.7 Error: address is not valid UTF-8'}
  // Spec/daemon, Replies: the spelling that was given is not lost with its needless quotes.
  if (orcpt === undefined && path.original !== undefined && policy.keywords.has('DSN')) {
    orcpt = `rfc822;${path.original}`
  }
  return {recipient: {address, orcpt, notify}}
}

/** RFC 3461 §4.1: NEVER stands alone. */
function parseNotify(value: string | undefined): Notify[] | undefined {
  const words = new Set((value ?? '').toUpperCase().split(','))
  for (const word of words) if (!NOTIFY.has(word)) return undefined
  return words.has('NEVER') && words.size > 1 ? undefined : ([...words] as Notify[])
}
