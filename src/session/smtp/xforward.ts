/**
 * xforward — what an MTA says of the client it had the mail from (Postfix, XFORWARD_README). Pure.
 *
 * It holds for the next transaction and is forgotten after it.
 */
import {isIP} from 'node:net'
import type {XforwardName} from '../../message/envelope.ts'
import {decodeXtext} from '../../message/xtext.ts'
import {type Answer, type Handler, refuse} from './answer.ts'

const OK_XFORWARD: Answer = {text: '250 2.5.0 Ok XFORWARD\r\n'}
const XFORWARD_NESTED = refuse('503 5.5.1 Error: XFORWARD not allowed within transaction')

const NAMES: ReadonlySet<string> = new Set(['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'IDENT', 'SOURCE'])
const UNKNOWN = new Set(['[UNAVAILABLE]', '[TEMPUNAVAIL]'])

export const xforward: Handler = (argument, state) => {
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
