/**
 * scalar — a configured value as what the program needs: a list, a number.
 */
import {numberOfText} from './number.ts'
import type {Scalar} from './value.ts'

/** The items of a reference to a list; undefined for anything else. */
export function itemsOf(value: Scalar): readonly Scalar[] | undefined {
  return typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'array'
    ? value.to.items
    : undefined
}

/** A number, or a text as Perl takes it for one; undefined for '' and for what is neither. */
export function optionalNumber(value: Scalar): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && value !== '' ? numberOfText(value) : undefined
}
