/**
 * path — an address as an MTA writes it: with angle brackets or without (spec/milter, trap 9). Pure.
 */
import {canonicalAddress} from '../../message/address.ts'

export function pathOf(argument: Buffer): string {
  const text = argument.toString('utf8').includes('\ufffd')
    ? argument.toString('latin1')
    : argument.toString('utf8')
  const inner = /^<(.*)>$/s.exec(text.trim())?.[1] ?? text.trim()
  return inner === '' ? '' : canonicalAddress(inner)
}
