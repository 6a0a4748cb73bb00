/**
 * tokens — a template's text cut into what means something (spec/config §8.1).
 *
 * Whether a bracket or a bar means something depends on where it is met, so that is for the evaluator; a token
 * keeps how it was written, as quoting and unmatched brackets give it back. Pure.
 */

/** Calls by their opening brackets. */
export type CallKind = 'neutral' | 'active' | 'define' | 'selector' | 'regexp' | 'iterator'

export type Token =
  /** what stands for itself; a substituted value is one too */
  | {readonly kind: 'text'; readonly text: string}
  /** a line end as written, which a comment takes away */
  | {readonly kind: 'newline'; readonly text: '\n'}
  /** `%x` */
  | {readonly kind: 'macro'; readonly text: string; readonly name: string}
  /** `%#x` */
  | {readonly kind: 'count'; readonly text: string; readonly name: string}
  /** `_NAME_`, `_NAME(argument)_` */
  | {
      readonly kind: 'named'
      readonly text: string
      readonly name: string
      readonly argument: string | undefined
    }
  | {readonly kind: 'open'; readonly text: string; readonly call: CallKind}
  | {readonly kind: 'quote' | 'unquote' | 'bar' | 'close' | 'comment'; readonly text: string}

const CALLS: Readonly<Record<string, CallKind>> = {
  '[:': 'neutral',
  '[@': 'active',
  '[=': 'define',
  '[?': 'selector',
  '[~': 'regexp',
}

const CONTROLS: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  f: '\f',
  b: '\b',
  e: '\u001b',
  a: '\u0007',
  t: '\t',
  _: '',
  '\n': '',
}

const TOKEN =
  /\\(?:[0-7]{1,3}|.)|%(?:#.|.)|_([A-Z]+)(?:\(([^)\n]*)\))?_|\["|"\]|\[[:@=?~]?|[\]|#\n]|[^\\%_["\]|#\n]+|./gs

/** The tokens of a template, in order. */
export function tokensOf(template: string): readonly Token[] {
  return Array.from(template.matchAll(TOKEN), ([text, name, argument]) => tokenOf(text, name, argument))
}

function tokenOf(text: string, name: string | undefined, argument: string | undefined): Token {
  if (name !== undefined) return {kind: 'named', text, name, argument}
  switch (text) {
    case '["':
      return {kind: 'quote', text}
    case '"]':
      return {kind: 'unquote', text}
    case '|':
      return {kind: 'bar', text}
    case ']':
      return {kind: 'close', text}
    case '#':
      return {kind: 'comment', text}
    case '\n':
      return {kind: 'newline', text}
  }
  if (text.startsWith('[')) return {kind: 'open', text, call: CALLS[text] ?? 'iterator'}
  if (text.length > 1 && text.startsWith('\\')) return {kind: 'text', text: unescaped(text.slice(1))}
  if (text.length > 1 && text.startsWith('%')) {
    if (text === '%%') return {kind: 'text', text: '%'}
    if (text.startsWith('%#') && text.length > 2) return {kind: 'count', text, name: text.slice(2)}
    return {kind: 'macro', text, name: text.slice(1)}
  }
  return {kind: 'text', text}
}

function unescaped(text: string): string {
  if (/^[0-7]/.test(text)) return String.fromCharCode(Number.parseInt(text, 8) & 0xff)
  return CONTROLS[text] ?? text
}
