/**
 * commands — the table of SMTP commands: what each does to the session's state, and how it is answered.
 *
 * No I/O: a handler changes the state it is given and returns an answer; an answer may name an event that
 * the session acts on. Texts and codes are those of spec/daemon, Replies.
 */
import {isIP} from 'node:net'
import type {XforwardName} from '../../message/envelope.ts'
import {decodeXtext} from '../../message/xtext.ts'
import {parseMail, parseRcpt} from './envelope-commands.ts'
import {parsePathArgument} from './path.ts'
import type {SessionPolicy} from './policy.ts'
import {formatLines, octetsAsText} from './reply.ts'
import {resetTransaction, type SessionState} from './state.ts'

export interface Answer {
  /** on the wire, a character for each octet */
  readonly text: string
  readonly event?: 'greeted' | 'mail' | 'data' | 'quit'
  /** counts towards the end of the session */
  readonly error?: true
}

export type Handler = (argument: string, state: SessionState, policy: SessionPolicy) => Answer

/** Commands refused in one session before it is ended. */
export const ERROR_LIMIT = 20
/** RCPTs beyond the limit that are not yet held against the client. */
const OVERSHOOT = 1000

const refuse = (text: string): Answer => ({text: `${text}\r\n`, error: true})

export const BAD_SYNTAX = refuse('500 5.5.2 Error: bad syntax')
export const LINE_TOO_LONG = refuse('500 5.5.6 Error: line too long')

const OK_NOOP: Answer = {text: '250 2.0.0 Ok NOOP\r\n'}
const OK_RSET: Answer = {text: '250 2.0.0 Ok RSET\r\n'}
const OK_XFORWARD: Answer = {text: '250 2.5.0 Ok XFORWARD\r\n'}
const VRFY: Answer = {text: '252 2.0.0 Argument not checked\r\n'}
const VRFY_SYNTAX = refuse('501 5.5.2 Syntax: VRFY address')
const MAIL_SYNTAX = refuse('501 5.5.2 Syntax: MAIL FROM:<address>')
const MAIL_NESTED = refuse('503 5.5.1 Error: nested MAIL command')
const RCPT_SYNTAX = refuse('501 5.5.2 Syntax: RCPT TO:<address>')
const RCPT_NULL = refuse('501 5.1.3 Error: the null path is no recipient')
const RCPT_EARLY = refuse('503 5.5.1 Need MAIL command before RCPT')
const TOO_MANY_RECIPIENTS: Answer = {text: '452 4.5.3 Too many recipients\r\n'}
const DATA_EARLY = refuse('503 5.5.1 Need MAIL command before DATA')
const DATA_NO_RCPT = refuse('503 5.5.1 Need RCPT command before DATA')
const DATA_ALL_REFUSED = refuse('554 5.1.1 Error (DATA): no valid recipients')
const DATA: Answer = {text: '354 End data with <CR><LF>.<CR><LF>\r\n', event: 'data'}
const XFORWARD_NESTED = refuse('503 5.5.1 Error: XFORWARD not allowed within transaction')
const HELP: Answer = {
  text: formatLines(214, [
    '2.0.0 amavis, a mail content filter',
    '2.0.0 EHLO HELO MAIL RCPT DATA RSET NOOP VRFY XFORWARD HELP QUIT',
  ]),
}

const noArguments = (verb: string) => refuse(`501 5.5.4 Error: ${verb} does not accept arguments`)
const notImplemented: (verb: string) => Handler = verb => {
  const answer = refuse(`502 5.5.1 Error: command ${verb} not implemented`)
  return () => answer
}

const hello =
  (verb: 'EHLO' | 'HELO'): Handler =>
  (argument, state, policy) => {
    if (argument === '') return refuse(`501 5.5.2 Syntax: ${verb} hostname`)
    resetTransaction(state)
    state.helo = argument
    state.extended = verb === 'EHLO'
    return {text: state.extended ? policy.ehlo : policy.helo, event: 'greeted'}
  }

const mail: Handler = (argument, state, policy) => {
  if (state.mail) return MAIL_NESTED
  const path = parsePathArgument('FROM', argument)
  if (!path) return MAIL_SYNTAX
  const parsed = parseMail(path, policy)
  if ('refusal' in parsed) return refuse(parsed.refusal)
  state.mail = parsed.mail
  return {text: `250 2.1.0 Sender <${echo(parsed.mail.sender, parsed.mail.smtputf8)}> OK\r\n`, event: 'mail'}
}

const rcpt: Handler = (argument, state, policy) => {
  const {mail} = state
  if (!mail) return RCPT_EARLY
  if (mail.recipients.length >= policy.recipientLimit) {
    return ++mail.beyondLimit > OVERSHOOT ? {...TOO_MANY_RECIPIENTS, error: true} : TOO_MANY_RECIPIENTS
  }
  const path = parsePathArgument('TO', argument)
  const parsed = !path ? RCPT_SYNTAX : path.address === '' ? RCPT_NULL : parseRcpt(path, mail, policy)
  if ('recipient' in parsed) {
    mail.recipients.push(parsed.recipient)
    return {text: `250 2.1.5 Recipient <${echo(parsed.recipient.address, mail.smtputf8)}> OK\r\n`}
  }
  mail.refused++
  return 'refusal' in parsed ? refuse(parsed.refusal) : parsed
}

/** An address in a reply: its own octets. */
function echo(address: string, utf8: boolean): string {
  return utf8 ? octetsAsText(address) : address
}

const data: Handler = (argument, {mail}) => {
  if (argument !== '') return noArguments('DATA')
  if (!mail) return DATA_EARLY
  if (mail.recipients.length === 0) return mail.refused > 0 ? DATA_ALL_REFUSED : DATA_NO_RCPT
  return DATA
}

const NAMES: ReadonlySet<string> = new Set(['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'IDENT', 'SOURCE'])
const UNKNOWN = new Set(['[UNAVAILABLE]', '[TEMPUNAVAIL]'])

const xforward: Handler = (argument, state) => {
  if (state.mail) return XFORWARD_NESTED
  const bad = (what: string) => refuse(`501 5.5.4 Error: ${what}`)
  const given = new Map(state.forwarded)
  if (argument === '') return bad('XFORWARD needs attributes')
  for (const word of argument.split(/[ \t]+/)) {
    if (word === '') continue
    const [, written = '', encoded = ''] = /^([A-Za-z]+)=(.*)$/.exec(word) ?? []
    const name = written.toUpperCase()
    if (!NAMES.has(name)) return bad('bad XFORWARD attribute name')
    const value = encoded.length > 4 * 255 ? undefined : decodeXtext(encoded)
    if (value === undefined || value.length > 255) return bad(`bad XFORWARD ${name} value`)
    if (UNKNOWN.has(value.toUpperCase())) {
      given.delete(name as XforwardName)
      continue
    }
    const known = checkAttribute(name as XforwardName, value)
    if (known === undefined) return bad(`bad XFORWARD ${name} value`)
    given.set(name as XforwardName, known)
  }
  state.forwarded = given
  return OK_XFORWARD
}

/** The value as we keep it: no controls, addresses without `IPv6:`; undefined when it is none. */
function checkAttribute(name: XforwardName, value: string): string | undefined {
  switch (name) {
    case 'ADDR': {
      const address = value.replace(/^IPv6:/i, '')
      return isIP(address) ? address : undefined
    }
    case 'PORT':
      return /^\d{1,5}$/.test(value) ? value : undefined
    case 'SOURCE':
      return /^(?:LOCAL|REMOTE)$/i.test(value) ? value.toUpperCase() : undefined
    default:
      return value.replace(/[\x00-\x1f\x7f]/g, '?')
  }
}

/** Each command by its verb. LMTP, TLS and AUTH add theirs. */
export const COMMANDS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['EHLO', hello('EHLO')],
  ['HELO', hello('HELO')],
  ['MAIL', mail],
  ['RCPT', rcpt],
  ['DATA', data],
  ['XFORWARD', xforward],
  ['NOOP', () => OK_NOOP],
  [
    'RSET',
    (argument, state) => {
      if (argument !== '') return noArguments('RSET')
      resetTransaction(state)
      return OK_RSET
    },
  ],
  ['VRFY', argument => (argument === '' ? VRFY_SYNTAX : VRFY)],
  ['HELP', () => HELP],
  [
    'QUIT',
    (argument, _, policy) => (argument === '' ? {text: policy.quit, event: 'quit'} : noArguments('QUIT')),
  ],
  ...['EXPN', 'TURN', 'ETRN', 'SEND', 'SOML', 'SAML'].map(verb => [verb, notImplemented(verb)] as const),
])

/** Answer one command line. */
export function command(line: string, state: SessionState, policy: SessionPolicy): Answer {
  const space = line.search(/[ \t]/)
  const verb = (space < 0 ? line : line.slice(0, space)).toUpperCase()
  const handler = COMMANDS.get(verb)
  if (handler) return handler(space < 0 ? '' : line.slice(space + 1).trim(), state, policy)
  if (!/^[A-Z][A-Z0-9-]{0,31}$/.test(verb)) return BAD_SYNTAX
  return refuse(`500 5.5.2 Error: command ${verb} not recognized`)
}
