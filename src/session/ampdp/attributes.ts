/**
 * attributes — the lines of AM.PDP: `name=value`, an empty line ends a request or a response (spec/daemon §5.1).
 *
 * Octets that are not printable ASCII, and `%`, may be written `%HH`; values of several words have each word encoded
 * by itself. Pure.
 */

/** A request's attributes in order, by name. */
export type Attributes = ReadonlyMap<string, readonly string[]>

/** The longest request; one of 20,000 recipients is far below. */
const MOST_OCTETS = 4 * 1024 * 1024

export type Parsed =
  | {readonly kind: 'request'; readonly attributes: Attributes; readonly problems: readonly string[]}
  | {readonly kind: 'too long'}

export class AttributeReader {
  /** latin1 */
  #held = ''
  #attributes = new Map<string, string[]>()
  #problems: string[] = []
  #size = 0

  /** Whether a request has begun and not ended. */
  get isInside(): boolean {
    return this.#held !== '' || this.#attributes.size > 0
  }

  /** Add octets. @returns the requests that are complete with them */
  push(chunk: Buffer): readonly Parsed[] {
    this.#held += chunk.toString('latin1')
    this.#size += chunk.length
    if (this.#size > MOST_OCTETS) return [{kind: 'too long'}]
    const requests: Parsed[] = []
    let from = 0
    for (let end = this.#held.indexOf('\n'); end >= 0; end = this.#held.indexOf('\n', from)) {
      const line = this.#held.slice(from, end).replace(/\r$/, '')
      from = end + 1
      if (line !== '') this.#line(line)
      else {
        requests.push({kind: 'request', attributes: this.#attributes, problems: this.#problems})
        this.#attributes = new Map()
        this.#problems = []
        this.#size = this.#held.length - from
      }
    }
    this.#held = this.#held.slice(from)
    return requests
  }

  #line(line: string): void {
    const [, name, value = ''] = /^([A-Za-z0-9][\w.-]*)(?:=|:[ \t]?)(.*)$/.exec(line) ?? []
    if (name === undefined) {
      this.#problems.push(`not an attribute: "${line.slice(0, 200)}"`)
      return
    }
    const values = this.#attributes.get(name) ?? []
    values.push(decoded(value))
    this.#attributes.set(name, values)
  }
}

/** Octets of a value as text: UTF-8 where they are that. */
export function decoded(value: string): string {
  const octets = Buffer.from(
    value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
  const text = octets.toString('utf8')
  return Buffer.from(text, 'utf8').equals(octets) ? text : octets.toString('latin1')
}

/** The first value of a name. */
export function one(attributes: Attributes, name: string): string | undefined {
  return attributes.get(name)?.[0]
}

/** An address without the angle brackets, which are optional. */
export function plain(address: string): string {
  const trimmed = address.trim()
  return trimmed.startsWith('<') && trimmed.endsWith('>') ? trimmed.slice(1, -1) : trimmed
}

/** A line of a response: each word encoded, CRLF at the end. */
export function attributeLine(name: string, ...words: readonly string[]): string {
  return `${name}=${words.map(encoded).join(' ')}\r\n`
}

function encoded(word: string): string {
  return Buffer.from(word, 'utf8')
    .toString('latin1')
    .replace(/[^\x21-\x24\x26-\x7e]/g, octet => `%${octet.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
