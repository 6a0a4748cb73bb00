/**
 * show/perl-text — values in the language of configurations, so that what is shown can be loaded.
 *
 *   $max_servers = 4;
 *   @local_domains_maps = (\%local_domains, ['.example.com']);
 *
 * A value that fits stays on one line. Texts with line ends are written line by line; octets and characters
 * beyond ASCII as escapes, so that the output means the same in every file.
 */
import {DESTINY} from '../category.ts'
import {textOf} from '../language/convert.ts'
import {numberText} from '../number.ts'
import type {Box} from '../snapshot.ts'
import {SETTINGS} from '../table/table.ts'
import type {Code, HashBox, Obj, Regexp, Scalar} from '../value.ts'
import type {Names} from './json-form.ts'

/** Columns that a line may have before its list is broken. */
const WIDTH = 78
const STEP = '  '

/** The statements that give a variable its value; several for policy banks. */
export function statementsText(name: string, box: Box, names: Names): readonly string[] {
  if (name === '%policy_bank' && box.kind === 'hash') return bankTexts(box, names)
  return [statementText(name, box, names)]
}

function statementText(target: string, box: Box, names: Names): string {
  const printer = new Printer(names, new Set([box]))
  const before = `${target} = `
  const destiny = box.kind === 'scalar' && DESTINIES.has(target) ? constantOf(box.value) : undefined
  if (destiny !== undefined) return `${before}${destiny};`
  if (box.kind === 'scalar') return `${before}${printer.scalar(box.value, '', before.length + 1)};`
  return `${before}${printer.contents(box, '(', ')', '', before.length + 1)};`
}

const DESTINIES = new Set<string>(SETTINGS.filter(({kind}) => kind === 'destiny').map(({name}) => name))

/** A destiny by its name. */
function constantOf(value: Scalar): string | undefined {
  if (value === undefined || typeof value === 'object') return undefined
  const found = Object.entries(DESTINY).find(([, number]) => textOf(number) === textOf(value))
  return found && `D_${found[0]}`
}

/** Each bank by itself: an assignment to all of `%policy_bank` would take away the built-in one. */
function bankTexts(banks: HashBox, names: Names): readonly string[] {
  return [...banks.entries].flatMap(([name, value]) => {
    const bank =
      typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'hash' ? value.to : undefined
    const printer = new Printer(names, new Set([banks]))
    const target = `$policy_bank{${quoted(name)}}`
    if (!bank) return [`${target} = ${printer.scalar(value, '', target.length)};`]
    if (name !== '') {
      const entries = new Map(
        [...bank.entries].filter(([key, entry]) => key !== 'policy_bank_name' || entry !== name),
      )
      return [`${target} = ${printer.contents({kind: 'hash', entries}, '{', '}', '', target.length + 4)};`]
    }
    const own = [...bank.entries].filter(
      ([, entry]) => !(typeof entry === 'object' && entry.kind === 'ref' && names.has(entry.to)),
    )
    return own.map(
      ([key, entry]) => `${target}{${quoted(key)}} = ${printer.scalar(entry, '', target.length)};`,
    )
  })
}

/** A value by itself, on one line where it fits. */
export function valueText(value: Scalar, names: Names): string {
  return new Printer(names, new Set()).scalar(value, '', 0)
}

class Printer {
  readonly #names: Names
  /** containers that we are in: a loop in the data is shown as undef */
  readonly #above: Set<Box>

  constructor(names: Names, above: Set<Box>) {
    this.#names = names
    this.#above = above
  }

  /** @param used columns of the line that are taken */
  scalar(value: Scalar, indent: string, used: number): string {
    if (value === undefined) return 'undef'
    if (typeof value === 'number') return numberText(value)
    if (typeof value === 'string') return textText(value, indent)
    switch (value.kind) {
      case 're':
        return regexpSource(value)
      case 'code':
        return this.#code(value, indent)
      case 'object':
        return this.#object(value, indent, used)
      case 'ref':
        return this.#reference(value.to, indent, used)
    }
  }

  contents(
    box: Exclude<Box, {kind: 'scalar'}>,
    open: string,
    close: string,
    indent: string,
    used: number,
  ): string {
    const inner = indent + STEP
    const items = (from: string): string[] => {
      if (box.kind === 'array') return Array.from(box.items, item => this.scalar(item, from, from.length + 1))
      return [...box.entries].map(([key, value]) => {
        const name = /^[A-Za-z_]\w*$/.test(key) ? key : quoted(key)
        return `${name} => ${this.scalar(value, from, from.length + name.length + 5)}`
      })
    }
    return bracketed(items(inner), open, close, indent, used)
  }

  #reference(to: Box, indent: string, used: number): string {
    const name = this.#names.get(to)
    if (name !== undefined) return `\\${name}`
    if (this.#above.has(to)) return 'undef'
    this.#above.add(to)
    try {
      if (to.kind === 'scalar') return `\\${this.scalar(to.value, indent, used + 1)}`
      const [open, close] = to.kind === 'array' ? ['[', ']'] : ['{', '}']
      return this.contents(to, open!, close!, indent, used)
    } finally {
      this.#above.delete(to)
    }
  }

  #object({of, items}: Obj, indent: string, used: number): string {
    const inner = indent + STEP
    const shown = () => items.map(item => this.scalar(item, inner, inner.length + 1))
    switch (of) {
      case 'RE':
        return bracketed(shown(), 'new_RE(', ')', indent, used)
      case 'SQLfield':
      case 'LDAPattr': {
        const letter = textOf(items[1]).slice(0, 1).toLowerCase() || 's'
        return `q_${of === 'SQLfield' ? 'sql' : 'ldap'}_${letter}(${this.scalar(items[0], indent, used)})`
      }
      case 'DNSxL':
        return bracketed(shown(), 'q_dns_a(', ')', indent, used)
      default:
        return bracketed(shown(), `${of}(`, ')', indent, used)
    }
  }

  #code({name, body}: Code, indent: string): string {
    if (name !== undefined) return `\\&${name}`
    if (body === undefined) return 'sub { }'
    switch (body.kind) {
      case 'setting': {
        const get = `${body.accessor}('${body.name}')`
        const wrapped = {opaque: `Opaque(${get})`, list: `[ ${get} ]`, none: get}[body.wrap ?? 'none']
        return `sub { ${wrapped} }`
      }
      case 'constant':
        return `sub { (${body.values.map(value => this.scalar(value, indent, 0)).join(', ')}) }`
      case 'program':
        return `sub ${body.text}`
    }
  }
}

/** Items on one line if they fit, else a line each. */
function bracketed(
  items: readonly string[],
  open: string,
  close: string,
  indent: string,
  used: number,
): string {
  const gap = open === '{' && items.length > 0 ? ' ' : ''
  const line = `${open}${gap}${items.join(', ')}${gap}${close}`
  if (!line.includes('\n') && used + line.length <= WIDTH) return line
  const inner = indent + STEP
  return `${open}\n${items.map(item => `${inner}${item},\n`).join('')}${indent}${close}`
}

/** A text; one of several lines becomes one of several quoted lines. */
function textText(text: string, indent: string): string {
  const lines = text.split(/(?<=\n)/)
  if (lines.length === 1 || text.length < 40) return quoted(text)
  return lines.map(quoted).join(` .\n${indent}${STEP}`)
}

/** In single quotes where that can be read, else in double quotes with escapes. */
export function quoted(text: string): string {
  if (/^[ -~]*$/.test(text)) return `'${text.replace(/\\(?=[\\']|$)|'/g, '\\$&')}'`
  const escaped = text.replace(/["\\$@]/g, '\\$&').replace(/[^ -~]/gu, character => {
    const known = {'\n': '\\n', '\t': '\\t', '\r': '\\r'}[character]
    return known ?? `\\x{${character.codePointAt(0)!.toString(16)}}`
  })
  return `"${escaped}"`
}

/** `qr'…'` takes nothing in it for a variable; a pattern with a quote gets another delimiter if it may. */
function regexpSource({pattern, flags}: Regexp): string {
  const octets = pattern.replace(
    /[^ -~\n\t]/gu,
    character => `\\x{${character.codePointAt(0)!.toString(16)}}`,
  )
  if (!octets.includes("'")) return `qr'${octets}'${flags}`
  const interpolates = /[$@][\w{:]/.test(octets)
  const delimiter = interpolates ? undefined : [...'/!,~%"'].find(one => !octets.includes(one))
  if (delimiter !== undefined) return `qr${delimiter}${octets}${delimiter}${flags}`
  return `qr'${octets.replaceAll("\\'", "'").replaceAll("'", '\\x27')}'${flags}`
}
