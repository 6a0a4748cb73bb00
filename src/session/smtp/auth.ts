/**
 * auth — AUTH PLAIN and AUTH LOGIN (RFC 4954, 4616), against the users of the configuration.
 *
 * Loaded when a client asks for it. A user is let in by the password in %smtpd_auth_users and by nothing else;
 * the comparison takes the same time whatever is wrong.
 *
 * Diagnostics: each refusal is noted in the log with the name that was given, never with a password.
 */
import {createHash, timingSafeEqual} from 'node:crypto'
import type {Settings} from '../../config/settings.ts'
import {type Answer, refuse} from './answer.ts'
import {authMechanisms, type SessionPolicy} from './policy.ts'
import type {SessionState} from './state.ts'

const SUCCEEDED = '235 2.7.0 Authentication succeeded\r\n'
const FAILED = '535 5.7.8 Error: authentication failed\r\n'
const ABORTED = refuse('501 5.7.1 Error: authentication aborted')
const NOT_BASE64 = refuse('501 5.5.2 Error: expected base64')
const prompt = (text: string): Answer => ({text: `334 ${Buffer.from(text).toString('base64')}\r\n`})

/** Answer the AUTH command itself; what the client says then goes to `state.dialogue`. */
export function beginAuth(argument: string, state: SessionState, policy: SessionPolicy): Answer {
  if (state.user !== undefined) return refuse('503 5.5.1 Error: already authenticated')
  if (state.mail) return refuse('503 5.5.1 Error: AUTH not allowed within transaction')
  const [, written = '', initial] = /^([^ \t]+)(?:[ \t]+([^ \t]+))?$/.exec(argument) ?? []
  if (written === '') return refuse('501 5.5.4 Syntax: AUTH mechanism [initial-response]')
  const mechanism = written.toUpperCase()
  if (!authMechanisms(policy.settings).includes(mechanism)) {
    return refuse('504 5.5.4 Error: authentication mechanism not available')
  }
  const finish = (user: string, password: string) => decide(user, password, state, policy.settings)
  if (mechanism === 'PLAIN') {
    const plain = (octets: Buffer) => {
      const parts = octets.toString('utf8').split('\0')
      const [authorization = '', user = '', password = ''] = parts
      if (parts.length !== 3 || user === '') return NOT_BASE64
      // to act for somebody else is nobody's right here
      return authorization === '' || authorization === user ? finish(user, password) : refused(user)
    }
    return initial === undefined ? ask('', state, plain) : read(initial, plain)
  }
  const password = (user: string) => ask('Password:', state, octets => finish(user, octets.toString('utf8')))
  const user = (octets: Buffer) => password(octets.toString('utf8'))
  return initial === undefined ? ask('Username:', state, user) : read(initial, user)
}

function ask(text: string, state: SessionState, take: (octets: Buffer) => Answer): Answer {
  state.dialogue = line => {
    state.dialogue = undefined
    return line === '*' ? ABORTED : read(line, take)
  }
  return prompt(text)
}

function read(text: string, take: (octets: Buffer) => Answer): Answer {
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
  // RFC 4954 §4: "=" is an initial response of no octets
  if (text !== '=' && !isBase64) return NOT_BASE64
  return take(Buffer.from(text, 'base64'))
}

function decide(user: string, password: string, state: SessionState, settings: Settings): Answer {
  const known = settings.hash('%smtpd_auth_users').get(user)
  const expected = typeof known === 'string' || typeof known === 'number' ? String(known) : ''
  const matches = timingSafeEqual(digest(password), digest(expected))
  if (!matches || expected === '') return refused(user)
  state.user = user
  return {text: SUCCEEDED}
}

function refused(user: string): Answer {
  const shown = user.slice(0, 100).replace(/[^\x20-\x7e]/g, '?')
  return {text: FAILED, error: true, note: `AUTH refused for user "${shown}"`}
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
