/**
 * embedded — files within a text that is no multipart: uuencode, yEnc, BinHex.
 *
 * Clients show them as attachments, so each becomes a part of its own beside the text.
 */
import type {PartProblem} from '../message.ts'
import {readBinHex} from './binhex.ts'
import {type EmbeddedFile, readUuencoded} from './uuencode.ts'
import {readYenc} from './yenc.ts'

export interface Embedded {
  readonly encoding: 'x-uuencode' | 'x-yenc' | 'x-binhex40'
  readonly files: readonly EmbeddedFile[]
  /** what is left of the text; all of it where a client may not see files in it */
  readonly text: Buffer
  readonly problem: PartProblem | undefined
}

const CUT: PartProblem = {kind: 'limit', reason: 'a uuencoded file is too long'}
const BROKEN: PartProblem = {kind: 'corrupt', reason: 'BinHex ends too early or has a wrong checksum'}

/**
 * @param limit how many files to look for
 * @returns undefined when there are none
 */
export function readEmbedded(octets: Buffer, limit: number): Embedded | undefined {
  const uuencoded = readUuencoded(octets, limit)
  if (uuencoded.files.length > 0) {
    const text = uuencoded.rest ?? octets
    const problem = uuencoded.isCut ? CUT : undefined
    return {encoding: 'x-uuencode', files: uuencoded.files, text, problem}
  }
  const yenc = readYenc(octets, limit)
  if (yenc.length > 0) return {encoding: 'x-yenc', files: yenc, text: octets, problem: undefined}
  const binHex = readBinHex(octets)
  if (!binHex) return undefined
  const {files, isCorrupt} = binHex
  return {encoding: 'x-binhex40', files, text: octets, problem: isCorrupt ? BROKEN : undefined}
}

/** What a file is by its name, where a client would show it at once; else octets. */
export function typeByName(name: string): string {
  const extension = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  return IMAGES.get(extension) ?? 'application/octet-stream'
}

const IMAGES: ReadonlyMap<string, string> = new Map([
  ['gif', 'image/gif'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['png', 'image/png'],
])
