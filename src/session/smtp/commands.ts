/**
 * commands — the table of SMTP commands: what each does to the session's state, and how it is answered.
 *
 * No I/O: a handler changes the state it is given and returns an answer; an answer may name an event that
 * the session acts on. Texts and codes are those of spec/daemon, Replies.
 */
import {type Answer, type Handler, noArguments, refuse} from './answer.ts'
import {bdat} from './chunks.ts'
import {parseMail, parseRcpt} from './envelope-commands.ts'
import {parsePathArgument} from './path.ts'
import type {SessionPolicy} from './policy.ts'
import {formatLines, octetsAsText} from './reply.ts'
import {recipientLimit} from './size-limit.ts'
import {type MailInProgress, resetTransaction, type SessionState} from './state.ts'
import {xforward} from './xforward.ts'

/** Commands refused in one session before it is ended. */
export const ERROR_LIMIT = 20
/** RCPTs beyond a limit that are not yet held against the client. */
const OVERSHOOT = 1000

export const BAD_SYNTAX = refuse('500 5.5.2 Error: bad syntax')
export const LINE_TOO_LONG = refuse('500 5.5.6 Error: line too long')

const OK_NOOP: Answer = {text: '250 2.0.0 Ok NOOP\r\n'}
const OK_RSET: Answer = {text: '250 2.0.0 Ok RSET\r\n'}
const VRFY: Answer = {text: '252 2.0.0 Argument not checked\r\n'}
const VRFY_SYNTAX = refuse('501 5.5.2 Syntax: VRFY address')
const MAIL_SYNTAX = refuse('501 5.5.2 Syntax: MAIL FROM:<address>')
const MUST_STARTTLS = refuse('530 5.7.0 Must issue a STARTTLS command first')
const AUTH_REQUIRED = refuse('530 5.7.0 Authentication required')
const STARTTLS_UNAVAILABLE = refuse('502 5.5.1 Error: command not available')
const MAIL_NESTED = refuse('503 5.5.1 Error: nested MAIL command')
const RCPT_SYNTAX = refuse('501 5.5.2 Syntax: RCPT TO:<address>')
const RCPT_NULL = refuse('501 5.1.3 Error: the null path is no recipient')
const RCPT_LATE = refuse('503 5.5.1 Error: RCPT after BDAT')
const RCPT_EARLY = refuse('503 5.5.1 Need MAIL command before RCPT')
const TOO_MANY_RECIPIENTS: Answer = {text: '452 4.5.3 Too many recipients\r\n'}
const DATA_EARLY = refuse('503 5.5.1 Need MAIL command before DATA')
const DATA_NO_RCPT = refuse('503 5.5.1 Need RCPT command before DATA')
const DATA_ALL_REFUSED = refuse('554 5.1.1 Error (DATA): no valid recipients')
const LMTP_ALL_REFUSED = refuse('503 5.1.1 Error (DATA): no valid recipients')
const DATA_MIXED = refuse('503 5.5.1 Error: DATA after BDAT')
const DATA: Answer = {text: '354 End data with <CR><LF>.<CR><LF>\r\n', event: 'data'}
const HELP: Answer = {
  text: formatLines(214, [
    '2.0.0 amavis, a mail content filter',
    '2.0.0 EHLO HELO LHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY XFORWARD HELP QUIT',
  ]),
}

const notImplemented: (verb: string) => Handler = verb => {
  const answer = refuse(`502 5.5.1 Error: command ${verb} not implemented`)
  return () => answer
}

const hello =
  (verb: 'EHLO' | 'HELO' | 'LHLO'): Handler =>
  (argument, state, policy) => {
    if (argument === '') return refuse(`501 5.5.2 Syntax: ${verb} hostname`)
    resetTransaction(state)
    state.helo = argument
    state.extended = verb !== 'HELO'
    state.lmtp = verb === 'LHLO'
    return {text: state.extended ? policy.ehlo : policy.helo, event: 'greeted'}
  }

const mail: Handler = (argument, state, policy) => {
  if (state.mail) return MAIL_NESTED
  if (policy.authRequired && state.user === undefined) return AUTH_REQUIRED
  const counted = state.gate?.mail()
  if (counted === undefined) return beginMail(argument, state, policy)
  return counted.then(tooMuch => (tooMuch ? {...tooMuch, error: true} : beginMail(argument, state, policy)))
}

function beginMail(argument: string, state: SessionState, policy: SessionPolicy): Answer {
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
  if (mail.chunked) return RCPT_LATE
  if (mail.recipients.length >= policy.recipientLimit) {
    return beyondLimit(mail, TOO_MANY_RECIPIENTS)
  }
  const counted = state.gate?.recipient()
  if (counted === undefined) return addRecipient(argument, mail, policy)
  return counted.then(tooMuch => {
    if (!tooMuch) return addRecipient(argument, mail, policy)
    mail.refused++
    return beyondLimit(mail, tooMuch)
  })
}

/** Held against the client only where it does not stop: others of the mail's recipients were taken. */
function beyondLimit(mail: MailInProgress, answer: Answer): Answer {
  return ++mail.beyondLimit > OVERSHOOT ? {...answer, error: true} : answer
}

function addRecipient(argument: string, mail: MailInProgress, policy: SessionPolicy): Answer {
  const path = parsePathArgument('TO', argument)
  const parsed = !path ? RCPT_SYNTAX : path.address === '' ? RCPT_NULL : parseRcpt(path, mail, policy)
  if ('recipient' in parsed) {
    const {octets, refusal} = recipientLimit(parsed.recipient.address, mail.declaredSize, policy)
    if (refusal) {
      mail.refused++
      return refusal
    }
    mail.sizeLimit = Math.max(mail.sizeLimit, octets)
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

/** Why no content may come now; undefined: it may. */
function contentRefused({mail, lmtp}: SessionState): Answer | undefined {
  if (!mail) return DATA_EARLY
  if (mail.recipients.length > 0) return undefined
  return mail.refused === 0 ? DATA_NO_RCPT : lmtp ? LMTP_ALL_REFUSED : DATA_ALL_REFUSED
}

const data: Handler = (argument, state) => {
  if (argument !== '') return noArguments('DATA')
  return contentRefused(state) ?? (state.mail?.chunked ? DATA_MIXED : DATA)
}

const startTls: Handler = (argument, state, policy) => {
  if (argument !== '') return noArguments('STARTTLS')
  if (state.tlsCipher !== undefined) return refuse('503 5.5.1 Error: TLS already active')
  if (!policy.keywords.has('STARTTLS')) return STARTTLS_UNAVAILABLE
  return import('./tls.ts').then(({readyForTls}) => readyForTls(policy.settings))
}

const auth: Handler = (argument, state, policy) => {
  if (!policy.keywords.has('AUTH')) return refuse('500 5.5.2 Error: command AUTH not recognized')
  return import('./auth.ts').then(({beginAuth}) => beginAuth(argument, state, policy))
}

/** Each command by its verb. */
export const COMMANDS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['EHLO', hello('EHLO')],
  ['HELO', hello('HELO')],
  ['LHLO', hello('LHLO')],
  ['STARTTLS', startTls],
  ['AUTH', auth],
  ['MAIL', mail],
  ['RCPT', rcpt],
  ['DATA', data],
  ['BDAT', (argument, state, policy) => bdat(argument, state, policy, contentRefused(state))],
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

/** What may be said before TLS where TLS is demanded. */
const OPEN: ReadonlySet<string> = new Set(['EHLO', 'LHLO', 'NOOP', 'STARTTLS', 'QUIT'])

/** Answer one command line. */
export function command(line: string, state: SessionState, policy: SessionPolicy): Answer | Promise<Answer> {
  const space = line.search(/[ \t]/)
  const verb = (space < 0 ? line : line.slice(0, space)).toUpperCase()
  const handler = COMMANDS.get(verb)
  if (policy.locked && !OPEN.has(verb)) return MUST_STARTTLS
  if (handler) return handler(space < 0 ? '' : line.slice(space + 1).trim(), state, policy)
  if (!/^[A-Z][A-Z0-9-]{0,31}$/.test(verb)) return BAD_SYNTAX
  return refuse(`500 5.5.2 Error: command ${verb} not recognized`)
}
