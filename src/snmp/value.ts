/**
 * value — a counter's text from the bus as a value of SNMP. Pure; takes any text.
 *
 * Counters begin anew at 0 when they are full, gauges stop at their largest value (RFC 2578 §7.1.6, §7.1.7,
 * §7.1.10). A variable without data is 0 or an empty text (spec/monitoring §6), and so is one that makes no sense.
 */
import type {MibObject} from './objects.ts'
import {parseOid} from './oid.ts'

export type SnmpValue =
  | {
      readonly syntax: 'Counter32' | 'Gauge32' | 'Integer32' | 'TimeTicks' | 'TimeInterval'
      readonly value: number
    }
  | {readonly syntax: 'Counter64'; readonly value: bigint}
  /** ASCII */
  | {readonly syntax: 'DisplayString'; readonly value: string}
  | {readonly syntax: 'OBJECT IDENTIFIER'; readonly value: string}

const LARGEST_UNSIGNED = 2n ** 32n - 1n
const LARGEST_SIGNED = 2n ** 31n - 1n
const LONGEST_TEXT = 255
/** Ours; it is all that sysObjectID may be. */
const OBJECT_ID = '1.3.6.1.4.1.15312.2'

/** @param text as the bus has it; undefined: it has nothing */
export function snmpValue({variable, syntax}: MibObject, text: string | undefined, nowMs: number): SnmpValue {
  switch (syntax) {
    case 'Counter32':
      return {syntax, value: Number(BigInt.asUintN(32, counted(text)))}
    case 'Counter64':
      return {syntax, value: BigInt.asUintN(64, counted(text))}
    case 'Gauge32':
      return {syntax, value: Number(within(whole(text), 0n, LARGEST_UNSIGNED))}
    case 'Integer32':
      return {syntax, value: Number(within(whole(text), -LARGEST_SIGNED - 1n, LARGEST_SIGNED))}
    // the bus has milliseconds; a sum, so it begins anew as a counter would
    case 'TimeInterval':
      return {syntax, value: Number(BigInt.asUintN(31, (counted(text) + 5n) / 10n))}
    case 'TimeTicks':
      return {syntax, value: variable === 'sysUpTime' ? ticksSince(text, nowMs) : 0}
    case 'DisplayString':
      return {syntax, value: (text ?? '').replace(/[^ -~]/g, '?').slice(0, LONGEST_TEXT)}
    case 'OBJECT IDENTIFIER':
      return {syntax, value: isOid(text) ? text : OBJECT_ID}
  }
}

/** The bus has the Unix time of the start. */
function ticksSince(text: string | undefined, nowMs: number): number {
  const startMs = Number(whole(text)) * 1000
  if (startMs <= 0 || startMs > nowMs) return 0
  return Number(BigInt.asUintN(32, BigInt(Math.floor((nowMs - startMs) / 10))))
}

function counted(text: string | undefined): bigint {
  const number = whole(text)
  return number < 0n ? 0n : number
}

/** Large sums of the bus have an exponent. */
function whole(text: string | undefined): bigint {
  if (text === undefined) return 0n
  if (/^-?\d{1,40}$/.test(text)) return BigInt(text)
  const number = text.length <= 40 ? Number(text) : 0
  return Number.isFinite(number) ? BigInt(Math.trunc(number)) : 0n
}

function within(number: bigint, least: bigint, most: bigint): bigint {
  return number < least ? least : number > most ? most : number
}

/** Of the internet's tree, whose first five numbers AgentX writes as one octet. */
function isOid(text: string | undefined): text is string {
  const arcs = parseOid(text ?? '')
  const fifth = arcs?.[4] ?? 0
  return arcs?.slice(0, 4).join('.') === '1.3.6.1' && fifth >= 1 && fifth <= 255
}
