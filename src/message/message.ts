/**
 * message — a mail taken apart: header fields with their octets, and the tree of MIME parts.
 *
 * Types only. header.ts and mime/ fill them; nothing changes them afterwards.
 */

/** One field of a header section. */
export interface HeaderField {
  /** as written, without the colon; '' when the line has none */
  readonly name: string
  /** the whole field with its folds and its last line end, as received */
  readonly raw: Buffer
}

export interface Header {
  readonly fields: readonly HeaderField[]
  /** octets up to and with the empty line */
  readonly size: number
}

/** An item of the mail, numbered in order of creation (spec: Decoding, parts). */
export interface Part {
  readonly number: number
  /** 0: the message itself */
  readonly parent: number
  readonly kind: 'leaf' | 'container' | 'preamble' | 'epilogue'
  /** place in the MIME tree: `1`, `1/2` */
  readonly placement: string
  /** in lower case; two where the effective type differs from the declared one */
  readonly declaredTypes: readonly string[]
  /** declared file names, decoded and raw */
  readonly names: readonly string[]
  readonly encoding: string
  /** decoded; empty for containers */
  readonly content: Buffer
  /** long text of what it is by its content; '' until looked at */
  readonly fullType: string
  readonly shortTypes: readonly string[]
  /** letters of spec "Parts": U undecodable, C encrypted, B ambiguous … */
  readonly attributes: string
}

export interface MimeTree {
  readonly parts: readonly Part[]
  /** what the reader stumbled over; undefined when nothing */
  readonly error: string | undefined
  /** which limit ended the reading early; the parts are then not all (spec: Decoding, limits) */
  readonly limit: string | undefined
}

/** `p001`, the name of a part in logs. */
export function partName(number: number): string {
  return `p${String(number).padStart(3, '0')}`
}
