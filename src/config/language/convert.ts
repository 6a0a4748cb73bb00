/**
 * language/convert — scalars as text and numbers, and as what they refer to.
 */
import {numberOfText, numberText} from '../number.ts'
import {configError, type Position} from '../problem.ts'
import {regexpText} from '../regexp.ts'
import type {ArrayBox, HashBox, Scalar, ScalarBox} from '../value.ts'

const KIND_NAMES = {scalar: 'SCALAR', array: 'ARRAY', hash: 'HASH'} as const

export function textOf(value: Scalar): string {
  switch (typeof value) {
    case 'undefined':
      return ''
    case 'string':
      return value
    case 'number':
      return numberText(value)
    default:
      return value.kind === 're' ? regexpText(value) : `${referenceName(value)}(0x0)`
  }
}

export function numberOf(value: Scalar): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? numberOfText(value) : value === undefined ? 0 : 1
}

/** What `ref` says of a value. */
export function referenceName(value: Scalar): string {
  if (typeof value !== 'object') return ''
  switch (value.kind) {
    case 'ref':
      return KIND_NAMES[value.to.kind]
    case 'code':
      return 'CODE'
    case 're':
      return 'Regexp'
    case 'object':
      return `Amavis::Lookup::${value.of}`
  }
}

/** The array, hash or scalar that a value refers to; undefined when it is undef. */
export function referred(value: Scalar, kind: 'array', at: Position): ArrayBox | undefined
export function referred(value: Scalar, kind: 'hash', at: Position): HashBox | undefined
export function referred(value: Scalar, kind: 'scalar', at: Position): ScalarBox | undefined
export function referred(value: Scalar, kind: 'array' | 'hash' | 'scalar', at: Position) {
  if (value === undefined) return undefined
  if (typeof value === 'object' && value.kind === 'ref' && value.to.kind === kind) return value.to
  const name = KIND_NAMES[kind]
  if (typeof value === 'object') {
    throw configError(
      at,
      `not ${kind === 'scalar' ? 'a' : `${/^[AEIOU]/.test(name) ? 'an' : 'a'}`} ${name} reference, found ${referenceName(value)}`,
    )
  }
  const mark = kind === 'array' ? '@' : kind === 'hash' ? '%' : '$'
  const advice = kind === 'array' ? `; a literal "@" before a variable in a text is written "\\@"` : ''
  throw configError(at, `Can't use string ("${textOf(value)}") as ${mark}… (${name} reference)${advice}`)
}
