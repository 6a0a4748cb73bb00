/**
 * joi — the two questions that mailauth asks of the package joi: is a key's `p=` base64, is a name a domain.
 *
 * The answers are the package's (test/checks/mailauth.test.ts asks both); its schemas would be 5 MiB in each child.
 */
export interface Schema {
  validate(value: unknown): {readonly error?: Error}
}

export interface StringSchema {
  /** padding may be missing */
  base64(): Schema
  /** at least two labels, no final dot, ASCII; any top-level domain that begins with a letter */
  domain(): Schema
}

export function string(): StringSchema {
  return {
    base64: () => schema('base64', text => BASE64.test(text)),
    domain: () => schema('a domain', isDomain),
  }
}

function schema(what: string, isGood: (text: string) => boolean): Schema {
  return {
    validate: value =>
      typeof value === 'string' && value !== '' && isGood(value)
        ? {}
        : {error: new Error(`it is not ${what}`)},
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/
const LONGEST_DOMAIN = 256
const LONGEST_LABEL = 63
const NEVER_IN_DOMAIN = /[^\x21-\x7f]|[@:/\\#!$&'()*+,;=?]/
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i
const TOP_LABEL = /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/i

function isDomain(text: string): boolean {
  if (text.length > LONGEST_DOMAIN || NEVER_IN_DOMAIN.test(text)) return false
  const labels = hostOf(text).split('.')
  if (labels.length < 2 || labels.some(({length}) => length === 0 || length > LONGEST_LABEL)) return false
  return TOP_LABEL.test(labels.at(-1)!) && labels.slice(0, -1).every(label => LABEL.test(label))
}

/** As a URL has it: A-labels that decode to nothing, or numbers that are addresses, are no names any more. */
function hostOf(text: string): string {
  try {
    return new URL(`http://${text.replaceAll('%', '%25')}`).host
  } catch {
    return text
  }
}
