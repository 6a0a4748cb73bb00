/**
 * item — a mail in quarantine, by what stands above it.
 */
import path from 'node:path'
import {errorText} from '../../errors.ts'
import {fieldBody, isNamed, parseHeader} from '../../message/header.ts'
import {decodeText} from '../edits/encoded-word.ts'
import {type BsmtpEnvelope, splitBsmtp} from '../release/bsmtp.ts'
import {readMarks, type StoredMarks} from '../release/stored.ts'
import {type ParseHead, readHead} from './heads.ts'
import {isBelow, type QuarantineFile} from './inventory.ts'

export const CATEGORIES = [
  'virus',
  'banned',
  'unchecked',
  'spam',
  'bad-header',
  'clean',
  'archive',
  'other',
] as const

export type QuarantineCategory = (typeof CATEGORIES)[number]

/** What our fields say; enough to choose by. */
export interface Marked {
  readonly stored: StoredMarks
  readonly category: QuarantineCategory
}

export interface QuarantineItem extends QuarantineFile, Marked {
  readonly from: string
  readonly subject: string
  /** as X-Spam-Status has it: `7` or `7..9`; '' for none */
  readonly score: string
}

export type ItemRead =
  | {readonly kind: 'item'; readonly item: QuarantineItem}
  /** not a mail of ours */
  | {readonly kind: 'other'}
  | {readonly kind: 'unreadable'; readonly reason: string}

const START_OCTETS = 32
const MAIL_START =
  /^(?:Return-Path:|Delivered-To:|X-Envelope-From:|X-Quarantine-ID:|EHLO |HELO |LHLO |MAIL FROM:)/i
/** In the header section of a mail From and Subject are found up to here. */
const HEADER_OCTETS = 64 * 1024

/** Whether a file that begins like this is a mail of ours. */
export function isMail(head: Buffer): boolean {
  return MAIL_START.test(head.toString('latin1', 0, START_OCTETS))
}

/** undefined: it is not a mail of ours. */
export const parseMarks: ParseHead<Marked | undefined> = (head, isAll) => {
  const content = contentOf(head, isAll)
  if (content === undefined || content === 'more') return content
  return marksOf(content, isAll)
}

function marksOf({octets, envelope}: Content, isAll: boolean): Marked | 'more' | undefined {
  const marks = readMarks(octets, isAll)
  if (marks === undefined || marks === 'more') return marks
  const stored = {...marks, ...envelope}
  return {stored, category: categoryOf(stored)}
}

interface Content {
  /** where the file has one of its own */
  readonly envelope: BsmtpEnvelope | undefined
  readonly octets: Buffer
}

const contentOf: ParseHead<Content | undefined> = (head, isAll) => {
  if (!isMail(head)) return undefined
  if (!/^(?:EHLO|HELO|LHLO|MAIL)/i.test(head.toString('latin1', 0, 4)))
    return {envelope: undefined, octets: head}
  const bsmtp = splitBsmtp(head)
  if (bsmtp) return {envelope: bsmtp.envelope, octets: head.subarray(bsmtp.content)}
  return isAll ? undefined : 'more'
}

/** @param root a real path */
export function readItem(root: string, file: QuarantineFile): ItemRead {
  if (!isBelow(root, file.name)) return {kind: 'other'}
  const read = readHead(path.join(root, file.name), parseItem)
  if (read.kind === 'failed') return {kind: 'unreadable', reason: errorText(read.error)}
  if (read.kind === 'missing' || read.value === undefined || read.value === 'more') return {kind: 'other'}
  return {kind: 'item', item: {...file, ...read.value}}
}

const parseItem: ParseHead<Omit<QuarantineItem, keyof QuarantineFile> | undefined> = (head, isAll) => {
  const content = contentOf(head, isAll)
  if (content === undefined || content === 'more') return content
  const marks = marksOf(content, isAll)
  if (marks === undefined || marks === 'more') return marks
  const {fields, size} = parseHeader(content.octets)
  if (!isAll && size === content.octets.length && head.length < HEADER_OCTETS) return 'more'
  const of = (name: string) => {
    const field = fields.find(one => isNamed(one, name))
    if (field === undefined) return ''
    const body = fieldBody(field).slice(0, 1000)
    return decodeText(Buffer.from(body)) ?? body
  }
  const score = /\bscore=([-\d.]+)/.exec(marks.stored.spamStatus)?.[1] ?? ''
  return {...marks, from: of('from'), subject: of('subject'), score}
}

/** By the quarantine address it was stored under; else by what our fields say. */
function categoryOf({deliveredTo, alerts, spamStatus}: StoredMarks): QuarantineCategory {
  const name = /^([a-z-]+)-quarantine(?:@.*)?$/.exec(deliveredTo)?.[1]
  const known = CATEGORIES.find(category => category === name)
  if (known) return known
  if (alerts.some(alert => alert.startsWith('INFECTED'))) return 'virus'
  if (alerts.some(alert => alert.startsWith('BANNED'))) return 'banned'
  if (spamStatus.startsWith('Yes')) return 'spam'
  return alerts.some(alert => alert.startsWith('BAD HEADER')) ? 'bad-header' : 'other'
}
