/**
 * expand — evaluates a template: macros, selectors, iterators, user macros (spec/config §8.2–8.6).
 *
 * A stream of tokens goes in, text comes out. Calls stand on a stack while their arguments are gathered: those that
 * are evaluated first arrive as text, quoted ones as the tokens they are; the chosen alternative of a selector goes
 * back to the front of the stream. Work is bounded: a user macro may call itself.
 */
import {type CompiledRegexp, compileRegexp} from '../../config/regexp.ts'
import {AmavisError} from '../../errors.ts'
import {type CallKind, type Token, tokensOf} from './tokens.ts'

/** What a macro stands for; a function is called with the name it was called by and the arguments. */
export type MacroValue = undefined | string | number | readonly string[] | MacroCode
export type MacroCode = (name: string, ...args: string[]) => MacroValue
/** Built-in macros by name; `has` tells a macro without a value from one that does not exist. */
export interface Macros {
  has(name: string): boolean
  get(name: string): MacroValue
}

export interface Template {
  /** @throws AmavisError AM_CONFIG for a template that does not come to an end */
  expand(macros: Macros): string
}

/** Tokens that one expansion may look at. */
const STEP_LIMIT = 1_000_000
/** Characters that may come out. */
const TEXT_LIMIT = 4 * 1024 * 1024

export function compileTemplate(text: string): Template {
  const tokens = tokensOf(text)
  return {expand: macros => new Expansion(tokens, macros).run()}
}

/** A call whose arguments are being gathered. */
interface Frame {
  readonly call: CallKind
  readonly args: Token[][]
}

class Expansion {
  /** what is still to be read, the next one last */
  readonly #input: Token[]
  readonly #macros: Macros
  readonly #own = new Map<string, readonly Token[]>()
  readonly #remembered = new Map<string, MacroValue>()
  readonly #frames: Frame[] = []
  readonly #output: string[] = []
  #steps = 0
  #size = 0

  constructor(tokens: readonly Token[], macros: Macros) {
    this.#input = tokens.toReversed()
    this.#macros = macros
  }

  run(): string {
    for (let token = this.#next(); token; token = this.#next()) this.#take(token)
    return this.#output.join('')
  }

  #next(): Token | undefined {
    if (++this.#steps > STEP_LIMIT) throw endless()
    return this.#input.pop()
  }

  #unread(tokens: readonly Token[]): void {
    for (let i = tokens.length - 1; i >= 0; i--) this.#input.push(tokens[i]!)
  }

  #take(token: Token): void {
    const frame = this.#frames.at(-1)
    switch (token.kind) {
      case 'comment':
        this.#skipLine()
        break
      case 'quote':
        this.#quoted(token)
        break
      case 'open':
        this.#open(token.call)
        break
      case 'bar':
        if (frame) this.#nextArgument(frame)
        else this.#put(token)
        break
      case 'close':
        if (frame) this.#close()
        else this.#put(token)
        break
      case 'macro':
        this.#put(this.#called(token.name, [], false))
        break
      case 'count':
        this.#put(text(String(this.#count(token.name))))
        break
      case 'named': {
        const args = token.argument === undefined ? [] : [token.argument]
        this.#put(this.#called(token.name, args, false))
        break
      }
      default:
        this.#put(token)
    }
  }

  #skipLine(): void {
    for (let token = this.#next(); token && token.kind !== 'newline'; ) token = this.#next()
  }

  /** What stands within quotes is given as it is: as text at the top, as tokens in an argument. */
  #quoted(opening: Token): void {
    const tokens: Token[] = []
    for (let depth = 1; ; ) {
      const token = this.#next()
      if (!token) {
        // It does not close: the mark is dropped, the rest stands.
        this.#unread(tokens)
        return
      }
      if (token.kind === opening.kind) depth++
      else if (token.kind === 'unquote' && --depth === 0) break
      tokens.push(token)
    }
    for (const token of tokens) this.#put(token)
  }

  #open(call: CallKind): void {
    this.#frames.push({call, args: [[]]})
    // The variable of an iterator is not evaluated.
    if (call === 'iterator') this.#gather()
  }

  #nextArgument(frame: Frame): void {
    frame.args.push([])
    // The alternatives of a selector wait until one is chosen.
    if (frame.call === 'selector') this.#gather()
  }

  /** The rest of the innermost call's arguments as they stand, up to its end. */
  #gather(): void {
    const frame = this.#frames.at(-1)!
    let depth = 0
    for (let token = this.#next(); token; token = this.#next()) {
      if (token.kind === 'open' || token.kind === 'quote') depth++
      else if (depth > 0 && (token.kind === 'close' || token.kind === 'unquote')) depth--
      else if (depth === 0 && token.kind === 'close') {
        this.#close()
        return
      } else if (depth === 0 && token.kind === 'bar') {
        frame.args.push([])
        continue
      }
      frame.args.at(-1)!.push(token)
    }
  }

  #close(): void {
    const {call, args} = this.#frames.pop()!
    switch (call) {
      case 'neutral':
      case 'active': {
        const [name = '', ...rest] = args.map(written)
        this.#unread(this.#invoked(name.trim(), rest, call === 'active'))
        break
      }
      case 'define':
        this.#own.set(written(args[0]!).trim(), args[1] ?? [])
        break
      case 'selector':
        this.#unread(chosen(written(args[0]!), args.slice(1)))
        break
      case 'regexp':
        this.#unread(matched(args))
        break
      case 'iterator':
        this.#unread(this.#repeated(args))
        break
    }
  }

  /** A call with its arguments; an active one of a user macro is read again. */
  #invoked(name: string, args: readonly string[], active: boolean): readonly Token[] {
    const body = this.#own.get(name)
    if (!body) return [text(textOf(this.#value(name, args)))]
    const filled = withArguments(body, index => (index === 0 ? '' : args[index - 1]))
    return active ? filled : [text(written(filled))]
  }

  #called(name: string, args: readonly string[], active: boolean): Token {
    return text(written(this.#invoked(name, args, active)))
  }

  #value(name: string, args: readonly string[]): MacroValue {
    if (args.length === 0 && this.#remembered.has(name)) return this.#remembered.get(name)
    let value = this.#macros.get(name)
    while (typeof value === 'function') value = value(name, ...args)
    if (args.length === 0) this.#remembered.set(name, value)
    return value
  }

  /** Elements of a list; 1 or 0 for anything else that has, or has not, text in it. */
  #count(name: string): number {
    const body = this.#own.get(name)
    const value = body ? written(body) : this.#value(name, [])
    return typeof value === 'object' ? value.length : isBlank(textOf(value)) ? 0 : 1
  }

  /** An iterator's body for each element of its list. */
  #repeated(args: readonly Token[][]): readonly Token[] {
    const [first = []] = args
    const isNamed = args.length > 2
    const body = isNamed ? args[1]! : first
    const separator = (isNamed ? args[2] : args[1]) ?? []
    const simple = first.find(token => token.kind === 'macro')
    const name = simple?.name ?? (isNamed ? written(first).trim() : undefined)
    if (name === undefined) return []
    const variable = simple?.name ?? 'x'
    return this.#elements(name).flatMap((element, index) => [
      ...(index > 0 ? separator : []),
      ...body.map(token => (token.kind === 'macro' && token.name === variable ? text(element) : token)),
    ])
  }

  #elements(name: string): readonly string[] {
    const own = this.#own.get(name)
    if (own) return [written(own)]
    if (!this.#macros.has(name)) return []
    const value = this.#value(name, [])
    return typeof value === 'object' ? value : [textOf(value)]
  }

  #put(token: Token): void {
    const frame = this.#frames.at(-1)
    if (frame) {
      frame.args.at(-1)!.push(token)
      return
    }
    this.#size += token.text.length
    if (this.#size > TEXT_LIMIT) throw endless()
    this.#output.push(token.text)
  }
}

function text(value: string): Token {
  return {kind: 'text', text: value}
}

function textOf(value: MacroValue): string {
  return value === undefined ? '' : typeof value === 'object' ? value.join(', ') : String(value)
}

/** Tokens as they were written. */
function written(tokens: readonly Token[]): string {
  return tokens.length === 1 ? tokens[0]!.text : tokens.map(token => token.text).join('')
}

function isBlank(value: string): boolean {
  return value.trim() === ''
}

/** Blank is 0, digits are that number, anything else is 1; beyond the end the last one, but a single one holds for 0. */
function chosen(selector: string, alternatives: readonly Token[][]): readonly Token[] {
  const value = selector.trim()
  const index = value === '' ? 0 : /^\d+$/.test(value) ? Number(value) : 1
  if (index < alternatives.length) return alternatives[index]!
  return alternatives.length === 1 ? [] : (alternatives.at(-1) ?? [])
}

/** The result behind the first regexp that matches, with its captures; a last one alone is the default. */
function matched([subject = [], ...cases]: readonly Token[][]): readonly Token[] {
  const string = written(subject)
  for (let i = 0; i + 1 < cases.length; i += 2) {
    const found = regexp(written(cases[i]!))?.match(string)
    if (found) return withArguments(cases[i + 1]!, index => (index === 0 ? string : found[index]))
  }
  return cases.length % 2 === 1 ? cases.at(-1)! : []
}

/** One that no engine takes does not match. */
function regexp(pattern: string): CompiledRegexp | undefined {
  try {
    return compileRegexp({kind: 're', pattern, flags: ''})
  } catch {
    return undefined
  }
}

/** `%0` … `%9` replaced; what is not given is ''. */
function withArguments(
  tokens: readonly Token[],
  argument: (index: number) => string | undefined,
): readonly Token[] {
  return tokens.map(token => {
    if ((token.kind !== 'macro' && token.kind !== 'count') || !/^\d$/.test(token.name)) return token
    const value = argument(Number(token.name)) ?? ''
    return text(token.kind === 'macro' ? value : isBlank(value) ? '0' : '1')
  })
}

function endless(): AmavisError {
  return new AmavisError('AM_CONFIG', 'a template does not come to an end')
}
