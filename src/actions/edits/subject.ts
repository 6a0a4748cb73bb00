/**
 * subject — puts a tag in front of a Subject.
 *
 * Source: spec/daemon §6.4. The same tag is not put twice: where it stands already it is removed first.
 */
import type {HeaderField} from '../../message/message.ts'
import {decodeText} from './encoded-word.ts'
import {foldText} from './fold.ts'

/** A tag shorter than this may be part of honest text and is not removed. */
const SHORTEST_REMOVED = 3

/** What a tag's tokens stand for; undefined values give ''. */
export interface TagFacts {
  readonly score: string
  readonly required: string
  readonly isSpam: boolean
  readonly hostname: string
  /** RFC 5322 date */
  readonly date: string
  /** Unix time in seconds */
  readonly unixTime: number
  readonly taskId: string
  readonly mailId: string
}

/** `_SCORE_`, `_YESNO_` … in a tag replaced; unknown tokens stay. */
export function expandTag(tag: string, facts: TagFacts): string {
  if (!tag.includes('_')) return tag
  const values: Record<string, string> = {
    _SCORE_: facts.score,
    _REQD_: facts.required,
    _YESNO_: facts.isSpam ? 'Yes' : 'No',
    _YESNOCAPS_: facts.isSpam ? 'YES' : 'NO',
    _HOSTNAME_: facts.hostname,
    _DATE_: facts.date,
    _U_: String(facts.unixTime),
    _LOGID_: facts.taskId,
    _MAILID_: facts.mailId,
    _SUBJPREFIX_: '',
  }
  return tag.replace(/_[A-Z]+_/g, token => values[token] ?? token)
}

/**
 * The Subject field with the tag in front, with CRLF.
 *
 * A text that cannot be decoded is kept as it is behind the tag.
 * @param field the mail's own Subject; undefined: there is none, a new one has the tag alone
 */
export function taggedSubject(field: HeaderField | undefined, tag: string): Buffer {
  if (!field) return Buffer.from(foldText('Subject', tag.trim()))
  const body = field.raw.subarray(field.raw.indexOf(0x3a) + 1)
  const unfolded = Buffer.from(body.toString('latin1').replace(/\r?\n/g, '').trim(), 'latin1')
  const text = decodeText(unfolded)
  if (text === undefined) {
    return Buffer.concat([Buffer.from(`Subject: ${asciiTag(tag)}`), unfolded, Buffer.from('\r\n')])
  }
  const rest = tag.length >= SHORTEST_REMOVED ? text.replaceAll(tag, '') : text
  return Buffer.from(foldText('Subject', tag + rest))
}

/** A tag that may stand before text of unknown encoding. */
function asciiTag(tag: string): string {
  return tag.replace(/[^\x20-\x7e]/g, '?')
}
