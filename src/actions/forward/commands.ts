/**
 * commands — what is said to a next hop before the content, by what it has announced. Pure.
 */
import type {SmtpReply} from '../../errors.ts'
import type {Recipient, XforwardName} from '../../message/envelope.ts'
import {encodeOrcpt, encodeXtext} from '../../message/xtext.ts'
import type {Delivery} from './delivery.ts'

export type Extensions = ReadonlyMap<string, readonly string[]>

/** The original's order (spec/daemon, Session details). */
const XFORWARD_ORDER: readonly XforwardName[] = ['ADDR', 'NAME', 'PORT', 'PROTO', 'HELO', 'SOURCE', 'IDENT']
const VALUE_LIMIT = 255
const LINE_LIMIT = 510

const NON_ASCII = /[^\x00-\x7f]/
/** Would end the command line, for us or for somebody else. */
const UNSPEAKABLE = /[\x00-\x1f\x7f]/

/** Is written as octets without SMTPUTF8, which it cannot be: its lower octet may be a line end. */
const NO_OCTET = /[^\x00-\xff]/

const badAddress: SmtpReply = {code: 553, enhanced: '5.1.3', text: 'Improper character in address'}

/** XFORWARD commands for the attributes that the peer takes; each fits a command line. */
export function xforwardLines(
  attributes: ReadonlyMap<XforwardName, string>,
  extensions: Extensions,
): string[] {
  const accepted = extensions.get('XFORWARD')
  if (accepted === undefined || attributes.size === 0) return []
  const lines: string[] = []
  let line = 'XFORWARD'
  for (const name of XFORWARD_ORDER) {
    const value = attributes.get(name)
    if (value === undefined || !accepted.includes(name)) continue
    const word = ` ${name}=${attributeValue(name, value)}`
    if (line.length + word.length > LINE_LIMIT) {
      lines.push(line)
      line = 'XFORWARD'
    }
    line += word
  }
  if (line !== 'XFORWARD') lines.push(line)
  return lines
}

function attributeValue(name: XforwardName, value: string): string {
  const safe = value.replace(/[^\x20-\x7e]/g, '?')
  const full = name === 'ADDR' && safe.includes(':') && !/^IPv6:/i.test(safe) ? `IPv6:${safe}` : safe
  let length = Math.min(full.length, VALUE_LIMIT)
  while (encodeXtext(full.slice(0, length)).length > VALUE_LIMIT) length--
  return encodeXtext(full.slice(0, length))
}

function isSpeakable(address: string, smtputf8: boolean): boolean {
  return !UNSPEAKABLE.test(address) && (smtputf8 || !NO_OCTET.test(address))
}

export interface MailCommand {
  readonly line: string
  /** for the log, in the log's order */
  readonly logged: string
  readonly dsn: boolean
}

/** MAIL, or why this mail cannot go there at all. */
export function mailCommand(
  delivery: Delivery,
  extensions: Extensions,
): MailCommand | {readonly refusal: SmtpReply} {
  const {sender, body, smtputf8, ret, envid} = delivery
  if (!isSpeakable(sender, smtputf8)) return {refusal: badAddress}
  const eightBit = extensions.has('8BITMIME')
  const utf8 = extensions.has('SMTPUTF8')
  if (body === '8BITMIME' && !eightBit) {
    return {refusal: {code: 550, enhanced: '5.6.3', text: 'Next hop does not support 8BITMIME'}}
  }
  if (smtputf8 && !utf8 && NON_ASCII.test(sender)) {
    return {refusal: {code: 550, enhanced: '5.6.7', text: 'Next hop does not support SMTPUTF8'}}
  }
  const dsn = delivery.propagateDsn && extensions.has('DSN')
  const options = {
    RET: dsn && ret ? ` RET=${ret}` : '',
    BODY: eightBit && body ? ` BODY=${body}` : '',
    ENVID: dsn && envid !== undefined ? ` ENVID=${encodeXtext(envid)}` : '',
    SMTPUTF8: utf8 && smtputf8 ? ' SMTPUTF8' : '',
  }
  const {RET, BODY, ENVID, SMTPUTF8} = options
  return {
    line: `MAIL FROM:<${sender}>${RET}${BODY}${ENVID}${SMTPUTF8}`,
    logged: `${ENVID}${RET}${BODY}${SMTPUTF8}`.trimStart(),
    dsn,
  }
}

/** RCPT, or why this recipient cannot be named there. */
export function rcptCommand(
  recipient: Recipient,
  {smtputf8}: Delivery,
  dsn: boolean,
  extensions: Extensions,
): string | {readonly refusal: SmtpReply} {
  const {address, orcpt, notify} = recipient
  if (!isSpeakable(address, smtputf8)) return {refusal: badAddress}
  if (smtputf8 && NON_ASCII.test(address) && !extensions.has('SMTPUTF8')) {
    return {refusal: {code: 553, enhanced: '5.6.7', text: 'Next hop does not support SMTPUTF8'}}
  }
  if (!dsn) return `RCPT TO:<${address}>`
  const original = orcpt === undefined ? '' : ` ORCPT=${encodeOrcpt(orcpt)}`
  const wanted = notify === undefined ? '' : ` NOTIFY=${notify.join(',')}`
  return `RCPT TO:<${address}>${original}${wanted}`
}
