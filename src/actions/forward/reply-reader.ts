/**
 * reply-reader — takes a next hop's replies apart (RFC 5321 §4.2). Pure.
 */
import {AmavisError} from '../../errors.ts'

export interface RemoteReply {
  readonly code: number
  /** RFC 3463 code of its class; undefined when it gave none */
  readonly enhanced: string | undefined
  /** all lines as one, with code and enhanced code: `250 2.0.0 Ok: queued as X` */
  readonly text: string
  /** the lines without codes */
  readonly lines: readonly string[]
}

/** A reply with more is a fault of the peer. */
const LINES = 200
const LINE_OCTETS = 8192
/** Of a long reply so much is shown to others. */
const TEXT_LIMIT = 1000

export class ReplyReader {
  #rest = ''
  #lines: string[] = []
  #enhanced: string | undefined

  /**
   * The replies that are complete with this chunk.
   * @throws AmavisError AM_PROTOCOL when these are no replies
   */
  push(chunk: Buffer): RemoteReply[] {
    const replies: RemoteReply[] = []
    const text = this.#rest === '' ? chunk.toString('latin1') : this.#rest + chunk.toString('latin1')
    let at = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      const reply = this.#line(text.slice(at, end))
      if (reply) replies.push(reply)
      at = end + 1
    }
    this.#rest = at === 0 ? text : text.slice(at)
    if (this.#rest.length > LINE_OCTETS) throw new AmavisError('AM_PROTOCOL', 'an endless reply')
    return replies
  }

  #line(line: string): RemoteReply | undefined {
    const match = /^([2-5]\d\d)([ -]?)(?:([245]\.\d{1,3}\.\d{1,3})(?= |\r|$) ?)?([^\r]*)/.exec(line)
    if (!match) throw new AmavisError('AM_PROTOCOL', 'not an SMTP reply')
    const [, digits = '', mark, enhanced, rest = ''] = match
    if (this.#lines.length === 0) this.#enhanced = enhanced?.startsWith(digits[0]!) ? enhanced : undefined
    this.#lines.push(rest)
    if (this.#lines.length > LINES) throw new AmavisError('AM_PROTOCOL', 'an endless reply')
    if (mark === '-') return undefined
    const lines = this.#lines
    this.#lines = []
    const words = this.#enhanced === undefined ? [digits] : [digits, this.#enhanced]
    const text = [...words, ...lines]
      .join(' ')
      .replace(/[\x00-\x1f\x7f]/g, ' ')
      .trimEnd()
    return {code: Number(digits), enhanced: this.#enhanced, text: text.slice(0, TEXT_LIMIT), lines}
  }
}
