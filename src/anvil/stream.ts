/**
 * stream — one connection of an smtpd: requests in, replies out (spec/anvil §1–5).
 *
 * A stream owns the one client that it connected last: another connect, the end of the stream and each mistake end
 * that connection. Octets may come in any pieces; requests in a row are answered in a row. Pure: what is to be sent
 * and said is given back.
 */
import type {Peaks} from './peaks.ts'
import type {AnvilTable, ClientCounts, ClientNumber, Rate} from './table.ts'

/** What Postfix 3.6 and later wait for before they ask. */
export const ANNOUNCEMENT = 'protocol=anvil_protocol\n\n'

/** Longest line; the original has no limit. */
const LONGEST_LINE = 16 * 1024

const FAILED = 'status=4294967295\n\n'

export interface Answer {
  /** octets as latin1 */
  readonly reply: string
  /** the connection is to be closed, after the reply */
  readonly close: boolean
  /** lines for the log, without the word warning */
  readonly warnings: readonly string[]
}

/** Events beside connections, by the name of their request. */
const EVENTS: ReadonlyMap<string, Exclude<Rate, 'rate'>> = new Map([
  ['message', 'mail'],
  ['recipient', 'rcpt'],
  ['newtls', 'newtls'],
  ['auth', 'auth'],
  ['tlstr', 'tlstr'],
])

/** What a list of attributes has to have next; the rest of one that has too much is skipped. */
type Expected = 'request' | 'ident' | 'end' | 'rest'

export class AnvilStream {
  readonly #table: AnvilTable
  readonly #peaks: Peaks
  readonly #asked: (request: string) => void
  /** a line that is not complete, latin1 */
  #held = ''
  #expected: Expected = 'request'
  #request = ''
  #ident = ''
  #owned: ClientNumber | undefined
  #isClosed = false
  readonly #warnings: string[] = []

  /** @param asked is told each request by its name */
  constructor(table: AnvilTable, peaks: Peaks, asked: (request: string) => void = () => {}) {
    this.#table = table
    this.#peaks = peaks
    this.#asked = asked
  }

  /** Whether a request has begun and not ended. */
  get isInside(): boolean {
    return this.#expected !== 'request' || this.#held !== ''
  }

  /** Octets from the client, latin1. */
  receive(octets: string): Answer {
    const text = this.#held === '' ? octets : this.#held + octets
    let reply = ''
    let from = 0
    for (let end = text.indexOf('\n'); end >= 0 && !this.#isClosed; end = text.indexOf('\n', from)) {
      if (end - from > LONGEST_LINE) this.#fail('a line is too long in input from anvil socket')
      else reply += this.#line(text.slice(from, end))
      from = end + 1
    }
    this.#held = text.slice(from)
    if (this.#held.length > LONGEST_LINE) this.#fail('a line is too long in input from anvil socket')
    return {reply, close: this.#isClosed, warnings: this.#warnings.splice(0)}
  }

  /** The connection is over: whatever the stream owned has disconnected. */
  end(): void {
    this.#isClosed = true
    this.#disown()
  }

  #line(line: string): string {
    if (this.#expected === 'rest') {
      if (line !== '' && !line.startsWith('request=')) return ''
      this.#expected = 'request'
      if (line === '') return ''
    }
    if (line === '') return this.#endOfList()
    const equals = line.indexOf('=')
    const name = equals < 0 ? line : line.slice(0, equals)
    if (this.#expected === 'end') {
      this.#warnings.push(`unexpected attribute ${name} from anvil socket (expecting: (list terminator))`)
      this.#expected = 'rest'
      return this.#perform(this.#request, this.#ident)
    }
    if (name !== this.#expected) {
      return this.#fail(`unexpected attribute ${name} from anvil socket (expecting: ${this.#expected})`)
    }
    if (equals < 0) return this.#fail(`missing value for string attribute ${name} from anvil socket`)
    const value = line.slice(equals + 1)
    if (this.#expected === 'request') {
      this.#request = value
      this.#expected = 'ident'
    } else {
      this.#ident = value
      this.#expected = 'end'
    }
    return ''
  }

  #endOfList(): string {
    if (this.#expected === 'request' || this.#expected === 'ident') {
      return this.#fail(`missing attribute ${this.#expected} in input from anvil socket`)
    }
    this.#expected = 'request'
    return this.#perform(this.#request, this.#ident)
  }

  #perform(request: string, ident: string): string {
    this.#asked(request)
    switch (request) {
      case 'connect': {
        const client = this.#connect(ident)
        const {count, rate} = this.#table.counts(client)
        this.#peaks.note('rate', rate, ident)
        this.#peaks.note('count', count, ident)
        return `status=0\ncount=${count}\nrate=${rate}\n\n`
      }
      case 'disconnect':
        if (this.#owned !== undefined && this.#table.ident(this.#owned) === ident) this.#disown()
        return 'status=0\n\n'
      case 'newtls_status':
      case 'newtls_report':
        return rateReply(this.#table.look(ident).newtls)
      case 'lookup':
        return lookupReply(this.#table.look(ident))
    }
    const rate = EVENTS.get(request)
    if (rate === undefined) {
      this.#warnings.push(`unrecognized request: "${request}", ignored`)
      return FAILED
    }
    const client = this.#table.find(ident) ?? this.#connect(ident)
    this.#table.add(client, rate)
    const value = this.#table.counts(client)[rate]
    this.#peaks.note(rate, value, ident)
    return rateReply(value)
  }

  /** The client's connection is this stream's from now on; the one before it is over. */
  #connect(ident: string): ClientNumber {
    const {client, isNew} = this.#table.connect(ident)
    this.#disown()
    this.#owned = client
    if (isNew) this.#peaks.noteSize(this.#table.size)
    return client
  }

  #disown(): void {
    if (this.#owned !== undefined) this.#table.disconnect(this.#owned)
    this.#owned = undefined
  }

  #fail(warning: string): string {
    this.#warnings.push(warning)
    this.end()
    return ''
  }
}

function rateReply(rate: number): string {
  return `status=0\nrate=${rate}\n\n`
}

/** With `tlstr` at the end: those who do not know it skip it, those who do want it. */
function lookupReply({count, rate, mail, rcpt, newtls, auth, tlstr}: ClientCounts): string {
  return `status=0\ncount=${count}\nrate=${rate}\nmail=${mail}\nrcpt=${rcpt}\nnewtls=${newtls}\nauth=${auth}\ntlstr=${tlstr}\n\n`
}
