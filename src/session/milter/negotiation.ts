/**
 * negotiation — what the MTA offers and what we want of it (spec/milter §4). Pure.
 */
import {frame} from './frames.ts'
import {MANNERS, type Manners} from './manners.ts'

export const ACTION = {
  addHeader: 0x01,
  changeBody: 0x02,
  addRecipient: 0x04,
  deleteRecipient: 0x08,
  changeHeader: 0x10,
  hold: 0x20,
  macroLists: 0x100,
} as const

/** Events that need no reply, and the ones that we do not need at all. */
const NO_REPLY = 0x80 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000 | 0x40000 | 0x80000
const NO_UNKNOWN = 0x100
const NO_DATA = 0x200
/** Values of header fields with the blank after the colon. */
export const LEADING_SPACE = 0x100000

/** Bit by which an event needs no reply. */
export const QUIET: Readonly<Record<string, number>> = {
  C: 0x1000,
  H: 0x2000,
  M: 0x4000,
  R: 0x8000,
  T: 0x10000,
  L: 0x80,
  N: 0x40000,
  B: 0x80000,
  U: 0x20000,
}

const REJECTED_RECIPIENTS = 0x800
const VERSION = 6

/** The macros that we read, by the number of the stage: so nobody has to edit main.cf. */
const MACRO_LISTS: readonly (readonly [stage: number, names: string])[] = [
  [
    0,
    'j _ {client_name} {client_addr} {client_ptr} {client_port} {daemon_name} {daemon_addr} {daemon_port} v',
  ],
  [1, '{tls_version} {cipher}'],
  [2, 'i {auth_type} {auth_authen} {mail_addr} r'],
  [3, 'i {rcpt_addr} {rcpt_mailer}'],
  [5, 'i {msg_id}'],
]

export interface Negotiated {
  readonly version: number
  readonly actions: number
  readonly protocol: number
}

/** @returns undefined where there is nothing to agree on: the MTA is too old, or speaks something else */
export function negotiate(offer: Buffer, manners: Manners = MANNERS): Negotiated | undefined {
  if (offer.length < 12) return undefined
  const version = offer.readUInt32BE(0)
  if (version < 2) return undefined
  const all = Object.values(ACTION).reduce((sum, bit) => sum | bit, 0)
  const actions = manners.macroLists ? all : all & ~ACTION.macroLists
  const protocol =
    NO_UNKNOWN |
    NO_DATA |
    (manners.noReply ? NO_REPLY : 0) |
    (manners.leadingSpace ? LEADING_SPACE : 0) |
    (manners.rejectedRecipients ? REJECTED_RECIPIENTS : 0)
  return {
    version: Math.min(VERSION, version),
    actions: (offer.readUInt32BE(4) & actions) >>> 0,
    protocol: (offer.readUInt32BE(8) & protocol) >>> 0,
  }
}

export function negotiationReply({version, actions, protocol}: Negotiated): Buffer {
  const numbers = Buffer.alloc(12)
  numbers.writeUInt32BE(version, 0)
  numbers.writeUInt32BE(actions, 4)
  numbers.writeUInt32BE(protocol, 8)
  const lists = (actions & ACTION.macroLists) === 0 ? [] : MACRO_LISTS
  return frame(
    'O',
    Buffer.concat([
      numbers,
      ...lists.map(([stage, names]) => {
        const number = Buffer.alloc(4)
        number.writeUInt32BE(stage, 0)
        return Buffer.concat([number, Buffer.from(`${names}\0`, 'latin1')])
      }),
    ]),
  )
}
