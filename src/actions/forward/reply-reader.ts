/**
 * reply-reader — takes a next hop's replies apart (RFC 5321 §4.2). Pure.
 *
 * Of most replies nobody wants more than the code, so everything else is worked out when it is asked for.
 */
import {AmavisError} from '../../errors.ts'

/** A reply with more is a fault of the peer. */
const LINES = 200
const LINE_OCTETS = 8192
/** Of a long reply so much is shown to others. */
const TEXT_LIMIT = 1000

const ENHANCED = /^[245]\.\d{1,3}\.\d{1,3}(?= |$)/

export class RemoteReply {
  readonly code: number
  /** as they came, without codes of three digits and line ends */
  readonly lines: readonly string[]

  constructor(code: number, lines: readonly string[]) {
    this.code = code
    this.lines = lines
  }

  /** RFC 3463 code of its class; undefined when it gave none */
  get enhanced(): string | undefined {
    const code = ENHANCED.exec(this.lines[0] ?? '')?.[0]
    return code?.startsWith(String(this.code)[0]!) ? code : undefined
  }

  /** all lines as one, codes only once: `250 2.0.0 Ok: queued as X` */
  get text(): string {
    const [first = '', ...others] = this.lines
    const words = [this.code, first, ...others.map(line => line.replace(ENHANCED, '').trimStart())]
    return words
      .join(' ')
      .replace(/[\x00-\x1f\x7f]/g, ' ')
      .trimEnd()
      .slice(0, TEXT_LIMIT)
  }
}

const ZERO = 48
const HYPHEN = 45
const SPACE = 32
const CR = 13

export class ReplyReader {
  #rest = ''
  #lines: string[] = []

  /**
   * Add the replies that are complete with this chunk to `replies`.
   * @throws AmavisError AM_PROTOCOL when these are no replies
   */
  push(chunk: Buffer, replies: RemoteReply[]): void {
    const text = this.#rest === '' ? chunk.toString('latin1') : this.#rest + chunk.toString('latin1')
    let at = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      const reply = this.#line(text, at, end)
      if (reply) replies.push(reply)
      at = end + 1
    }
    this.#rest = at === 0 ? text : text.slice(at)
    if (this.#rest.length > LINE_OCTETS) throw new AmavisError('AM_PROTOCOL', 'an endless reply')
  }

  /** The line from `at` to `end` of `text`: the reply that it ends, if it does. */
  #line(text: string, at: number, end: number): RemoteReply | undefined {
    const last = end > at && text.charCodeAt(end - 1) === CR ? end - 1 : end
    const hundreds = text.charCodeAt(at) - ZERO
    const tens = text.charCodeAt(at + 1) - ZERO
    const ones = text.charCodeAt(at + 2) - ZERO
    const mark = last > at + 3 ? text.charCodeAt(at + 3) : SPACE
    const digits = hundreds >= 2 && hundreds <= 5 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9
    if (last < at + 3 || !digits || (mark !== SPACE && mark !== HYPHEN)) {
      throw new AmavisError('AM_PROTOCOL', 'not an SMTP reply')
    }
    this.#lines.push(text.slice(at + 4, last))
    if (this.#lines.length > LINES) throw new AmavisError('AM_PROTOCOL', 'an endless reply')
    if (mark === HYPHEN) return undefined
    const lines = this.#lines
    this.#lines = []
    return new RemoteReply(100 * hundreds + 10 * tens + ones, lines)
  }
}
