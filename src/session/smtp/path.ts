/**
 * path — the argument of MAIL and RCPT: a path in angle brackets, and parameters (RFC 5321 §4.1.2). Pure.
 */

export interface PathArgument {
  /** without angle brackets, source route and needless quotes; '' for `<>` */
  readonly address: string
  /** the address with the quotes that it was written with, where they were needless */
  readonly original: string | undefined
  /** names in upper case, in order; '' for a value that was not given */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[]
}

const PATHS = {
  FROM: /^FROM:[ \t]*<((?:"(?:\\.|[^"\\])*"|[^"<>\\ \t]|\\.)*)>(?:[ \t]+(.*))?$/i,
  TO: /^TO:[ \t]*<((?:"(?:\\.|[^"\\])*"|[^"<>\\ \t]|\\.)*)>(?:[ \t]+(.*))?$/i,
}
const ROUTE = /^@[^:"]*:/
const QUOTED_LOCAL_PART = /^"((?:\\.|[^"\\])*)"(?=@|$)/
/** dot-string of RFC 5321, with what SMTPUTF8 adds */
const DOT_STRING =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\uffff-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\uffff-]+)*$/

/** Undefined when it is no path. */
export function parsePathArgument(keyword: 'FROM' | 'TO', argument: string): PathArgument | undefined {
  const match = PATHS[keyword].exec(argument)
  if (!match) return undefined
  const written = match[1]!.replace(ROUTE, '')
  const address = canonical(written)
  return {
    address,
    original: address === written ? undefined : written,
    parameters: match[2] === undefined ? [] : parseParameters(match[2]),
  }
}

/** `"simple"@x` is `simple@x` (spec/daemon, Replies). */
function canonical(address: string): string {
  if (!address.startsWith('"')) return address
  const quoted = QUOTED_LOCAL_PART.exec(address)
  if (!quoted) return address
  const local = quoted[1]!.replace(/\\(.)/g, '$1')
  return DOT_STRING.test(local) ? local + address.slice(quoted[0].length) : address
}

function parseParameters(text: string): [string, string | undefined][] {
  const parameters: [string, string | undefined][] = []
  for (const word of text.split(/[ \t]+/)) {
    if (word === '') continue
    const equals = word.indexOf('=')
    parameters.push(
      equals < 0
        ? [word.toUpperCase(), undefined]
        : [word.slice(0, equals).toUpperCase(), word.slice(equals + 1)],
    )
  }
  return parameters
}

/** A line's octets read as UTF-8; undefined when they are not. */
export function readUtf8(line: string): string | undefined {
  if (/^[\x00-\x7f]*$/.test(line)) return line
  const text = Buffer.from(line, 'latin1').toString('utf8')
  return text.includes('\uFFFD') ? undefined : text
}
