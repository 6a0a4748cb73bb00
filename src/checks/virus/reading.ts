/**
 * reading — what a scanner's output means, by the rules of its entry: the elements clean, infected and names.
 *
 * Infected is looked for first. Output that is neither is no answer: it may be an error that nobody has foreseen.
 * Source: spec/daemon, av_scanners entry. Pure, but for subs, which read settings.
 */

import {itemsOf, optionalNumber} from '../../config/scalar.ts'
import type {Settings} from '../../config/settings.ts'
import type {Code, Regexp, Scalar} from '../../config/value.ts'
import {errorText} from '../../errors.ts'
import {regexpOf} from '../../lookup/regexp-table.ts'
import {failed, type ScannerAnswer} from './answer.ts'

/** What output or exit codes an entry means; undefined where it says nothing. */
export type Rule =
  | {readonly kind: 'codes'; readonly codes: readonly number[]}
  | {readonly kind: 'regexp'; readonly regexp: Regexp}
  | undefined

export interface Rules {
  readonly clean: Rule
  readonly infected: Rule
  readonly names: Regexp | Code | undefined
}

/** What a scanner did. */
export interface Said {
  /** exit code; 0 for a daemon */
  readonly status: number
  /** its octets, each a character */
  readonly output: string
}

const MOST_NAMES = 100
const LONGEST_NAME = 200
/** Characters of what a scanner said that templates may show. */
const MOST_KEPT = 4000
const MOST_QUOTED = 200

/** The rules of an entry's elements; a list of codes, a regexp, or nothing. */
export function rulesOf(clean: Scalar, infected: Scalar, names: Scalar): Rules {
  return {clean: ruleOf(clean), infected: ruleOf(infected), names: isRegexpOrCode(names) ? names : undefined}
}

function ruleOf(value: Scalar): Rule {
  const items = itemsOf(value)
  if (items) return {kind: 'codes', codes: items.flatMap(item => optionalNumber(item) ?? [])}
  return typeof value === 'object' && value.kind === 're' ? {kind: 'regexp', regexp: value} : undefined
}

function isRegexpOrCode(value: Scalar): value is Regexp | Code {
  return typeof value === 'object' && (value.kind === 're' || value.kind === 'code')
}

/** Never throws: a rule that cannot be followed is no answer. */
export function readOutput(said: Said, rules: Rules, settings: Settings): ScannerAnswer {
  try {
    if (holds(rules.infected, said)) {
      const output = said.output.trim().slice(0, MOST_KEPT)
      return {kind: 'infected', names: namesIn(said.output, rules, settings), output}
    }
    if (rules.clean === undefined) return {kind: 'inconclusive'}
    if (holds(rules.clean, said)) return {kind: 'clean'}
  } catch (error) {
    return failed(errorText(error))
  }
  return failed(`unexpected exit ${said.status}, output="${quoted(said.output)}"`)
}

/** Output for one line of a log. */
export function quoted(output: string): string {
  const text = output.trim().replace(/[\r\n]+/g, '\\n')
  return text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}…` : text
}

function holds(rule: Rule, {status, output}: Said): boolean {
  if (rule === undefined) return false
  return rule.kind === 'codes' ? rule.codes.includes(status) : regexpOf(rule.regexp).test(output)
}

function namesIn(output: string, {names}: Rules, settings: Settings): string[] {
  if (names === undefined) return []
  const found = names.kind === 're' ? captures(names, output) : fromSub(names, output, settings)
  return [...new Set(found.map(tidy).filter(name => name !== ''))].slice(0, MOST_NAMES)
}

/** As Perl's `/g` in list context: all captures of all matches, or the matches where there are none. */
function captures(re: Regexp, output: string): string[] {
  const regexp = regexpOf(re)
  const found: string[] = []
  for (let from = 0; from <= output.length && found.length < MOST_NAMES; ) {
    const match = regexp.matchFrom(output, from)
    if (!match) break
    const [whole = '', ...groups] = match.groups
    found.push(...(groups.length > 0 ? groups.filter(group => group !== undefined) : [whole]))
    from = match.index + Math.max(1, whole.length)
  }
  return found
}

/** A sub that fails costs the names, not the finding. */
function fromSub(code: Code, output: string, settings: Settings): string[] {
  try {
    return (settings.runSub?.(code, [output], settings) ?? []).map(String)
  } catch {
    return []
  }
}

function tidy(name: string): string {
  return name
    .replace(/[\x00-\x1f\x7f]+/g, ' ')
    .trim()
    .slice(0, LONGEST_NAME)
}
