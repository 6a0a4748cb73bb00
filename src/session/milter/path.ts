/**
 * path — an address as an MTA writes it: with angle brackets or without (spec/milter, trap 9). Pure.
 */
import {isUtf8 as isValidUtf8} from 'node:buffer'
import {canonicalAddress} from '../../message/address.ts'

/** @param isUtf8 SMTPUTF8 was asked for: it is text; else octets, a character each, as in an SMTP session */
export function pathOf(argument: Buffer, isUtf8: boolean): string {
  const text = argument.toString(isUtf8 && isValidUtf8(argument) ? 'utf8' : 'latin1')
  const inner = /^<(.*)>$/s.exec(text.trim())?.[1] ?? text.trim()
  return inner === '' ? '' : canonicalAddress(inner)
}

/** An address for the MTA in the octets that `pathOf` would have read. */
export function argumentFor(address: string, isUtf8: boolean): Buffer {
  return Buffer.from(`<${address}>`, isUtf8 ? 'utf8' : 'latin1')
}
