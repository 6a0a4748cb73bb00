/**
 * unpack — opens the archives among a mail's parts, and those within them, one level after the other.
 *
 * Who does the opening is handed in. Members become parts below the part that they were in, with their own
 * types; a mail within an archive is taken apart too. Limits hold for the whole mail: what one archive produced
 * is not there for the next. A limit ends the unpacking; what was found by then stays, as does everything else
 * that could be had of a part that is broken. Source: spec/daemon "Decoding".
 */
import {readFile} from 'node:fs/promises'
import {parseHeader} from '../message/header.ts'
import type {Part} from '../message/message.ts'
import {readMime} from '../message/mime/read.ts'
import {makePart, withProblems} from '../message/part.ts'
import {type Format, type Opening, openingOf} from './format.ts'
import type {UnpackLimits} from './limits.ts'
import type {Decoded, DecodeLimits, Member, Problem} from './member.ts'
import {typeOf} from './types.ts'

/** Has one part unpacked; never rejects. */
export type OpenPart = (
  part: Part,
  opening: Opening,
  limits: DecodeLimits,
  firstNumber: number,
) => Promise<Decoded>

export interface UnpackDeps {
  readonly open: OpenPart
  /** whether parts of this format are to be opened; by default all are */
  readonly mayOpen?: (format: Format) => boolean
}

export interface Unpacked {
  /** all parts, with what could not be done with them */
  readonly parts: readonly Part[]
  /** the limit that ended the unpacking */
  readonly limit: string | undefined
}

/** Parts that can be opened; empty for nearly all mails, at next to no cost. */
export function openings(
  parts: readonly Part[],
  mayOpen: UnpackDeps['mayOpen'] = () => true,
): [Part, Opening][] {
  const found: [Part, Opening][] = []
  for (const part of parts) {
    if (part.kind !== 'leaf' || part.content.length === 0) continue
    const opening = openingOf(part.content, part.shortTypes, part.path === undefined)
    if (opening && mayOpen(opening.format)) found.push([part, opening])
  }
  return found
}

/**
 * Open what `openings` has found, and what is in it.
 * @param parts all parts of the mail, typed, in the order of their numbers
 */
export async function unpack(
  parts: readonly Part[],
  first: readonly [Part, Opening][],
  limits: UnpackLimits,
  deps: UnpackDeps,
): Promise<Unpacked> {
  return await new Unpacking(parts, limits, deps).run(first)
}

class Unpacking {
  readonly #limits: UnpackLimits
  readonly #deps: UnpackDeps
  readonly #parts: Part[]
  #bytes = 0
  #limit: string | undefined

  constructor(parts: readonly Part[], limits: UnpackLimits, deps: UnpackDeps) {
    this.#parts = [...parts]
    this.#limits = limits
    this.#deps = deps
  }

  async run(first: readonly [Part, Opening][]): Promise<Unpacked> {
    let tier = first
    for (let level = 1; tier.length > 0 && this.#limit === undefined; level++) {
      if (level > this.#limits.levels) {
        this.#limit = `Maximum decoding depth (${this.#limits.levels}) exceeded`
        break
      }
      const found: Part[] = []
      for (const [part, opening] of tier) {
        found.push(...(await this.#openOne(part, opening)))
        if (this.#limit !== undefined) break
      }
      tier = openings(found, this.#deps.mayOpen)
    }
    return {parts: this.#parts, limit: this.#limit}
  }

  /** @returns the parts that came of it */
  async #openOne(part: Part, opening: Opening): Promise<Part[]> {
    const {files, quota} = this.#limits
    const limits = {bytes: quota - this.#bytes, quota, files: files - this.#parts.length, maxFiles: files}
    const {members, problems} = await this.#deps.open(part, opening, limits, this.#parts.length + 1)
    this.#tell(part.number, problems)
    const found: Part[] = []
    members.forEach((member, index) => {
      this.#bytes += member.size
      const made = memberPart(member, part, this.#parts.length + 1, index + 1)
      this.#parts.push(made)
      found.push(made)
    })
    for (const member of [...found]) found.push(...(await this.#mailIn(member)))
    return found
  }

  #tell(number: number, problems: readonly Problem[]): void {
    const part = this.#parts[number - 1]
    if (part) this.#parts[number - 1] = withProblems(part, problems)
    this.#limit ??= problems.find(({kind}) => kind === 'limit')?.reason
  }

  /** The parts of a mail that is a member. */
  async #mailIn(part: Part): Promise<Part[]> {
    if (!MAIL.test(part.fullType)) return []
    if (part.size > LARGEST_MAIL_BYTES) {
      const reason = `a mail of ${part.size} octets in an archive is not taken apart`
      this.#tell(part.number, [{kind: 'unsupported', reason}])
      return []
    }
    const octets = part.path === undefined ? part.content : await readFile(part.path)
    const maxParts = this.#limits.files - this.#parts.length
    const mail = readMime(octets, parseHeader(octets), {maxParts, maxLevels: this.#limits.levels})
    if (mail.limit !== undefined) this.#tell(part.number, [{kind: 'limit', reason: mail.limit}])
    const base = this.#parts.length
    const found = mail.parts.map(inner => ({
      ...inner,
      number: base + inner.number,
      parent: inner.parent === 0 ? part.number : base + inner.parent,
      placement: `${part.placement}/${inner.placement}`,
      ...(inner.kind !== 'container' && typed(inner.content)),
    }))
    this.#bytes += found.reduce((sum, {content}) => sum + content.length, 0)
    this.#parts.push(...found)
    return found
  }
}

const MAIL = /^(?:SMTP|RFC 822) mail/
/** It is in memory while the mail that brings it is. */
const LARGEST_MAIL_BYTES = 64 * 1024 * 1024

const ENTRY_LETTERS = {file: '', directory: 'D', link: 'L', special: 'S'} as const

function memberPart(member: Member, parent: Part, number: number, position: number): Part {
  const {kind, names, content, path, size, problem} = member
  // What is closed to us has no type; what is empty has one.
  const isThere = kind === 'file' && !(size === 0 && problem)
  const part = makePart({
    number,
    parent: parent.number,
    placement: `${parent.placement}/${position}`,
    names,
    content,
    size,
    path,
    attributes: ENTRY_LETTERS[kind],
    ...(isThere && typed(content)),
  })
  return problem ? withProblems(part, [problem]) : part
}

function typed(content: Buffer) {
  const {full, short} = typeOf(content)
  return {fullType: full, shortTypes: short}
}
