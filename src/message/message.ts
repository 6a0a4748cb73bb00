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
  /**
   * where a line begins that some clients take for the end of the header: it is no field and continues none, or
   * has nothing but blanks; -1: nowhere
   */
  readonly doubtfulEnd: number
  /** there are more fields than anybody needs; those beyond the limit stand together in one without a name */
  readonly isCut: boolean
}

/** What could not be done with a part; each is a finding of the category Unchecked. */
export interface PartProblem {
  /** corrupt: broken or cut off; unsupported: a method or format that nobody here can open */
  readonly kind: 'corrupt' | 'unsupported' | 'encrypted' | 'limit' | 'ambiguous'
  /** one line, for the log */
  readonly reason: string
}

/**
 * An item of the mail, numbered in order of creation (spec: Decoding, parts).
 *
 * A member of an archive is a leaf below the archive: `parent` is the archive's number, `placement` the
 * archive's with the member's place from 1, `names` its name with its path as the archive has it,
 * `declaredTypes` is empty, `encoding` ''. An entry without content has the letter D, S or L. A member that is
 * closed to us has the letters of its problem (part.ts). Members are numbered when all MIME parts are.
 */
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
  /** decoded; empty for containers; only the first octets where the rest is at `path` */
  readonly content: Buffer
  /** octets when decoded */
  readonly size: number
  /** the file that holds all octets of a large member */
  readonly path: string | undefined
  /** long text of what it is by its content; '' until looked at */
  readonly fullType: string
  readonly shortTypes: readonly string[]
  /** letters of spec "Parts": U undecodable, C encrypted, B ambiguous, D directory, S special file, L link */
  readonly attributes: string
  /** the reasons for its letters U and C, and which limit cut it off */
  readonly problems: readonly PartProblem[]
  /** how a client has to read the mail to see this part, where not all do: `boundary: first`; else undefined */
  readonly reading: string | undefined
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
