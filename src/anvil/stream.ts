/**
 * stream — one connection of an smtpd: requests in, replies out (spec/anvil §1–5).
 *
 * A stream owns the one client that it connected last: another connect, the end of the stream and each mistake end
 * that connection. Octets may come in any pieces; requests in a row are answered in a row, also where the store of
 * clients takes its time: the next one waits. What is to be sent and said is given back; no sockets here.
 */
import {errorText} from '../errors.ts'
import type {Peaks} from './peaks.ts'
import type {ClientStore, CountedClient, Soon} from './store.ts'
import type {ClientCounts, Rate} from './table.ts'

/** What Postfix 3.6 and later wait for before they ask. */
export const ANNOUNCEMENT = 'protocol=anvil_protocol\n\n'

/** Longest line; the original has no limit. */
const LONGEST_LINE = 16 * 1024

const FAILED = 'status=4294967295\n\n'
const DONE = 'status=0\n\n'

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
  readonly #store: ClientStore
  readonly #peaks: Peaks
  readonly #asked: (request: string) => void
  readonly #later: (answer: Answer) => void
  /** a line that is not complete, latin1 */
  #held = ''
  #expected: Expected = 'request'
  #request = ''
  #ident = ''
  #owned: string | undefined
  #isBusy = false
  #isClosed = false
  readonly #warnings: string[] = []

  /**
   * @param asked is told each request by its name
   * @param later takes what could not be answered at once
   */
  constructor(
    store: ClientStore,
    peaks: Peaks,
    {
      asked = () => {},
      later = () => {},
    }: {
      readonly asked?: ((request: string) => void) | undefined
      readonly later?: (answer: Answer) => void
    } = {},
  ) {
    this.#store = store
    this.#peaks = peaks
    this.#asked = asked
    this.#later = later
  }

  /** Whether the client has begun a request and not ended it. */
  get isInside(): boolean {
    return !this.#isBusy && (this.#expected !== 'request' || this.#held !== '')
  }

  /** Whether the store takes its time. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Octets from the client, latin1. @returns what is to be said now */
  receive(octets: string): Answer {
    const text = this.#held === '' ? octets : this.#held + octets
    let reply = ''
    let from = 0
    for (
      let end = text.indexOf('\n');
      end >= 0 && !this.#isClosed && !this.#isBusy;
      end = text.indexOf('\n', from)
    ) {
      if (end - from > LONGEST_LINE) this.#fail('a line is too long in input from anvil socket')
      else {
        const said = this.#line(text.slice(from, end))
        if (typeof said === 'string') reply += said
        else this.#await(said)
      }
      from = end + 1
    }
    this.#held = text.slice(from)
    if (this.#isBusy) return {reply, close: false, warnings: this.#warnings.splice(0)}
    if (this.#held.length > LONGEST_LINE) this.#fail('a line is too long in input from anvil socket')
    return {reply, close: this.#isClosed, warnings: this.#warnings.splice(0)}
  }

  /** The connection is over: whatever the stream owned has disconnected. */
  end(): void {
    this.#isClosed = true
    // what it is to own is not known yet
    if (!this.#isBusy) this.#leave()
  }

  /** Nobody is left to be told that it failed. */
  #leave(): void {
    const left = this.#disown()
    if (left instanceof Promise) left.catch(() => {})
  }

  /** Go on with what was received meanwhile when the store has answered. */
  #await(coming: Promise<string>): void {
    this.#isBusy = true
    void coming
      .catch((error: unknown) => {
        this.#warnings.push(`the store of clients: ${errorText(error)}`)
        return FAILED
      })
      .then(said => {
        this.#isBusy = false
        if (this.#isClosed) return this.#leave()
        const {reply, ...more} = this.receive('')
        this.#later({reply: said + reply, ...more})
      })
  }

  #line(line: string): Soon<string> {
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

  #endOfList(): Soon<string> {
    if (this.#expected === 'request' || this.#expected === 'ident') {
      return this.#fail(`missing attribute ${this.#expected} in input from anvil socket`)
    }
    this.#expected = 'request'
    return this.#perform(this.#request, this.#ident)
  }

  #perform(request: string, ident: string): Soon<string> {
    this.#asked(request)
    switch (request) {
      case 'connect':
        return after(this.#store.connect(ident, this.#owned), client => this.#connected(ident, client))
      case 'disconnect':
        return this.#owned === ident ? after(this.#disown(), () => DONE) : DONE
      case 'newtls_status':
      case 'newtls_report':
        return after(this.#store.look(ident), ({newtls}) => rateReply(newtls))
      case 'lookup':
        return after(this.#store.look(ident), lookupReply)
    }
    const rate = EVENTS.get(request)
    if (rate !== undefined) {
      return after(this.#store.add(ident, rate, this.#owned), client => this.#counted(ident, rate, client))
    }
    this.#warnings.push(`unrecognized request: "${request}", ignored`)
    return FAILED
  }

  /** The client's connection is this stream's from now on; the one before it is over. */
  #connected(ident: string, {counts: {count, rate}, isNew}: CountedClient): string {
    this.#owned = ident
    if (isNew) this.#peaks.noteSize(this.#store.size)
    this.#peaks.note('rate', rate, ident)
    this.#peaks.note('count', count, ident)
    return `status=0\ncount=${count}\nrate=${rate}\n\n`
  }

  #counted(ident: string, rate: Exclude<Rate, 'rate'>, {counts, isNew}: CountedClient): string {
    if (isNew) {
      this.#owned = ident
      this.#peaks.noteSize(this.#store.size)
    }
    const value = counts[rate]
    this.#peaks.note(rate, value, ident)
    return rateReply(value)
  }

  #disown(): Soon<void> {
    const ident = this.#owned
    this.#owned = undefined
    return ident === undefined ? undefined : this.#store.disconnect(ident)
  }

  #fail(warning: string): string {
    this.#warnings.push(warning)
    this.end()
    return ''
  }
}

/** What becomes of a result, now or when it comes. */
function after<T>(result: Soon<T>, goOn: (result: T) => string): Soon<string> {
  return result instanceof Promise ? result.then(goOn) : goOn(result)
}

function rateReply(rate: number): string {
  return `status=0\nrate=${rate}\n\n`
}

/** With `tlstr` at the end: those who do not know it skip it, those who do want it. */
function lookupReply({count, rate, mail, rcpt, newtls, auth, tlstr}: ClientCounts): string {
  return `status=0\ncount=${count}\nrate=${rate}\nmail=${mail}\nrcpt=${rcpt}\nnewtls=${newtls}\nauth=${auth}\ntlstr=${tlstr}\n\n`
}
