/**
 * types — the types of parts by their content, for banned rules, decoders and logs.
 */
import type {Part} from '../message/message.ts'
import {fullType} from './magic.ts'
import {shortTypes} from './short-types.ts'

export interface ContentType {
  /** what file(1) would say */
  readonly full: string
  /** `exe`, `exe-ms`; `dat` when nothing is known */
  readonly short: readonly string[]
}

/** The type of a part's content; what its sender declared plays no role in it. */
export function typeOf(content: Buffer): ContentType {
  const full = fullType(content)
  return {full, short: shortTypes(full)}
}

/** The parts with their types; containers have none. */
export function typeParts(parts: readonly Part[]): Part[] {
  return parts.map(part => {
    if (part.kind === 'container') return part
    const {full, short} = typeOf(part.content)
    return {...part, fullType: full, shortTypes: short}
  })
}
