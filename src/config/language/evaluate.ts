/**
 * language/evaluate — expressions to values, in scalar and in list context.
 *
 * Source: spec/config, Value model. Nothing is executed as Perl; what is not known here is refused.
 */
import {isTrue} from '../number.ts'
import {configError, type Position, problemsOf, refusal} from '../problem.ts'
import type {Scalar} from '../value.ts'
import {assignList, assignScalar, entriesOf, ownList, takesList} from './assign.ts'
import type {Expr, Statement} from './ast.ts'
import {callFunction} from './call.ts'
import {numberOf, referenceName, textOf} from './convert.ts'
import {countSteps, countText, LONGEST_LIST, type Machine, setSpecial, variableBox} from './machine.ts'
import {matchValue, matchValues, regexpValue} from './match.ts'
import {binaryValue, nextWord, rangeOf} from './operators.ts'
import {arrayBox, declared, hashBox, placeOf} from './place.ts'
import {Leaving, plainName, runBlock, runStatement} from './run.ts'
import {anonymousSub, callSub, namedSub, runSub} from './sub.ts'
import {templateText} from './template.ts'
import {transliterated} from './transliterate.ts'
import {wordValue} from './word.ts'

/** The value of an expression in scalar context. */
export function scalarOf(machine: Machine, expr: Expr): Scalar {
  countSteps(machine, 1, expr.at)
  switch (expr.type) {
    case 'constant':
    case 'value':
      return expr.value
    case 'template':
      return templateText(machine, expr)
    case 'variable':
    case 'deref':
      if (expr.sigil === '$') return placeOf(machine, expr).get()
      return expr.sigil === '@'
        ? (arrayBox(machine, expr, false)?.items.length ?? 0)
        : (hashBox(machine, expr, false)?.entries.size ?? 0)
    case 'element':
      return elementValue(machine, expr)
    case 'lastIndex':
      return (arrayBox(machine, expr.of, false)?.items.length ?? 0) - 1
    case 'list': {
      let last: Scalar
      for (const item of expr.items) last = scalarOf(machine, item)
      return last
    }
    case 'newArray':
      return {kind: 'ref', to: {kind: 'array', items: ownList(machine, itemsOf(machine, expr.items))}}
    case 'newHash':
      return {kind: 'ref', to: {kind: 'hash', entries: entriesOf(machine, itemsOf(machine, expr.items))}}
    case 'reference':
      return referencesTo(machine, expr.of).at(-1)
    case 'codeName':
      return namedSub(machine, expr.name)
    case 'sub':
      return anonymousSub(machine, expr.body, expr.text, expr.at)
    case 'callCode':
      return callReference(machine, expr, 'scalar').at(-1)
    case 'regexp':
      return regexpValue(machine, expr.pattern, expr.flags, expr.at)
    case 'match':
      return matchValue(machine, expr)
    case 'unary':
      return unaryValue(machine, expr)
    case 'binary':
      return binaryOf(machine, expr.op, scalarOf(machine, expr.left), scalarOf(machine, expr.right), expr.at)
    case 'logical': {
      const left = scalarOf(machine, expr.left)
      return keepsLeft(expr.op, left) ? left : scalarOf(machine, expr.right)
    }
    case 'conditional':
      return scalarOf(machine, isTrue(scalarOf(machine, expr.test)) ? expr.yes : expr.no)
    case 'assign':
      return takesList(expr.target) ? assignList(machine, expr).length : assignScalar(machine, expr)
    case 'step': {
      const place = placeOf(machine, expr.of)
      const before = place.get()
      if (typeof before === 'string') countText(machine, before.length, expr.at)
      const after = stepped(before, expr.by)
      place.set(after)
      return expr.prefix ? after : (before ?? 0)
    }
    case 'declare':
      return scalarOf(machine, declared(machine, expr).at(-1)!)
    case 'call':
      return callFunction(machine, expr, 'scalar').at(-1)
    case 'methodCall':
      return callFunction(machine, expr, 'scalar').at(-1)
    case 'word':
      return wordValue(machine, expr.name, expr.at)
    case 'command':
      return commandOutput(machine, textOf(scalarOf(machine, expr.text)), expr.at)
    case 'transliteration':
      return transliterated(machine, expr)
    case 'fileTest':
      return fileTested(machine, expr)
    case 'leave':
      throw new Leaving(runStatement(machine, expr.with))
    case 'doBlock':
      return blockValues(machine, expr.body).at(-1)
    case 'evalBlock':
      return evaluated(machine, expr.body).at(-1)
    case 'slice':
    case 'listSlice':
    case 'range':
      return listOf(machine, expr).at(-1)
  }
}

/** The values of an expression in list context. */
export function listOf(machine: Machine, expr: Expr): readonly Scalar[] {
  countSteps(machine, 1, expr.at)
  switch (expr.type) {
    case 'list':
      return itemsOf(machine, expr.items)
    case 'variable':
    case 'deref':
      if (expr.sigil === '$') return [placeOf(machine, expr).get()]
      if (expr.sigil === '@') return arrayBox(machine, expr, false)?.items ?? []
      return [...(hashBox(machine, expr, false)?.entries ?? [])].flat()
    case 'slice':
      return listOf(machine, expr.index).map(key => {
        const index: Expr = {type: 'constant', value: textOf(key), at: expr.at}
        return scalarOf(machine, {type: 'element', of: expr.of, index, at: expr.at})
      })
    case 'word': {
      const sub = machine.subs.get(plainName(expr.name))
      return sub ? runSub(machine, sub.body, sub.scope, [], 'list', expr.at) : [scalarOf(machine, expr)]
    }
    case 'listSlice': {
      const items = listOf(machine, expr.of)
      return listOf(machine, expr.index).map(index => items.at(Math.trunc(numberOf(index))))
    }
    case 'reference':
      return referencesTo(machine, expr.of)
    case 'conditional':
      return listOf(machine, isTrue(scalarOf(machine, expr.test)) ? expr.yes : expr.no)
    case 'logical': {
      const left = scalarOf(machine, expr.left)
      return keepsLeft(expr.op, left) ? [left] : listOf(machine, expr.right)
    }
    case 'range':
      return rangeValues(machine, expr)
    case 'assign':
      if (!takesList(expr.target)) return [assignScalar(machine, expr)]
      assignList(machine, expr)
      return listOf(
        machine,
        expr.target.type === 'declare'
          ? {...expr.target, type: 'list', items: expr.target.targets}
          : expr.target,
      )
    case 'declare':
      return itemsOf(machine, declared(machine, expr))
    case 'binary':
      if (expr.op === 'x' && expr.left.type === 'list') {
        const items = listOf(machine, expr.left)
        const times = Math.max(0, Math.trunc(numberOf(scalarOf(machine, expr.right))))
        if (items.length * times > LONGEST_LIST) throw refusal(expr.at, 'the list is too long')
        countSteps(machine, items.length * times, expr.at)
        return Array.from({length: times}, () => items).flat()
      }
      return [scalarOf(machine, expr)]
    case 'call':
    case 'methodCall':
      return callFunction(machine, expr, 'list')
    case 'callCode':
      return callReference(machine, expr, 'list')
    case 'match':
      return matchValues(machine, expr)
    case 'doBlock':
      return blockValues(machine, expr.body)
    case 'evalBlock':
      return evaluated(machine, expr.body)
    default:
      return [scalarOf(machine, expr)]
  }
}

/** What a new list, the places of whose elements are remembered, costs in steps. */
const LIST_STEPS = 8

/** Several expressions, flattened. */
export function itemsOf(machine: Machine, items: readonly Expr[]): readonly Scalar[] {
  const {origins} = machine
  const values: Scalar[] = []
  if (items[0]) countSteps(machine, LIST_STEPS, items[0].at)
  for (const item of items) {
    const found = listOf(machine, item)
    if (items.length === 1 && origins.has(found)) return found
    origins.copyItems(found, values, values.length, item.at)
    for (const value of found) values.push(value)
  }
  return values
}

function elementValue(machine: Machine, expr: Extract<Expr, {type: 'element'}>): Scalar {
  if (expr.of.sigil === '%') {
    const entries = hashBox(machine, expr.of, false)?.entries
    return entries?.get(textOf(scalarOf(machine, expr.index)))
  }
  const items = arrayBox(machine, expr.of, false)?.items
  return items?.at(Math.trunc(numberOf(scalarOf(machine, expr.index))))
}

/** `\$x`, `\@x`, `\%x`: the variable itself; `\(…)`: one reference for each; `\'text'`: to a new scalar. */
function referencesTo(machine: Machine, of: Expr): readonly Scalar[] {
  switch (of.type) {
    case 'variable':
    case 'deref':
      if (of.sigil === '@') return [{kind: 'ref', to: arrayBox(machine, of, true)}]
      if (of.sigil === '%') return [{kind: 'ref', to: hashBox(machine, of, true)}]
      if (of.type === 'deref') return [scalarOf(machine, of.of)]
      return [{kind: 'ref', to: variableBox(machine, '$', of.name, of.at)}]
    case 'list':
      return of.items.flatMap(item => referencesTo(machine, item))
    case 'declare':
      return declared(machine, of).flatMap(item => referencesTo(machine, item))
    case 'sub':
      return [scalarOf(machine, of)]
    default:
      return [{kind: 'ref', to: {kind: 'scalar', value: scalarOf(machine, of)}}]
  }
}

function unaryValue(machine: Machine, expr: Extract<Expr, {type: 'unary'}>): Scalar {
  const value = scalarOf(machine, expr.of)
  switch (expr.op) {
    case '!':
      return isTrue(value) ? '' : 1
    case '+':
      return value
    case '~':
      return ~numberOf(value) >>> 0
    case '-':
      return typeof value === 'string' && /^[A-Za-z_]/.test(value) ? `-${value}` : -numberOf(value)
  }
}

/** `left op right`; the part of a text that is new is counted. */
export function binaryOf(machine: Machine, op: string, left: Scalar, right: Scalar, at: Position): Scalar {
  const value = binaryValue(op, left, right, at)
  if (op === '.') countText(machine, textOf(right).length, at)
  else if (op === 'x') countText(machine, (value as string).length, at)
  else if (typeof left === 'string') countText(machine, left.length, at)
  return value
}

function rangeValues(machine: Machine, expr: Extract<Expr, {type: 'range'}>): readonly Scalar[] {
  const values = rangeOf(scalarOf(machine, expr.from), scalarOf(machine, expr.to), expr.at)
  countSteps(machine, values.length, expr.at)
  return values
}

/** The next or previous value; words of letters and digits count up as Perl's do: `az`, `ba`. */
function stepped(value: Scalar, by: 1 | -1): Scalar {
  if (
    by === 1 &&
    typeof value === 'string' &&
    value !== '' &&
    /^[A-Za-z]*[0-9]*$/.test(value) &&
    !/^\d/.test(value)
  )
    return nextWord(value)
  return numberOf(value) + by
}

function callReference(
  machine: Machine,
  expr: Extract<Expr, {type: 'callCode'}>,
  want: 'scalar' | 'list',
): readonly Scalar[] {
  const code = scalarOf(machine, expr.of)
  if (typeof code !== 'object' || code.kind !== 'code')
    throw configError(expr.at, `not a CODE reference, found ${referenceName(code) || `"${textOf(code)}"`}`)
  return callSub(machine, code, itemsOf(machine, expr.args), want, expr.at)
}

/** `eval {…}`: an error of what it does ends up in `$@`. */
function evaluated(machine: Machine, body: readonly Statement[]): readonly Scalar[] {
  const {depth, want} = machine
  setSpecial(machine, '$@', '')
  try {
    return blockValues(machine, body)
  } catch (error) {
    const problem = problemsOf(error)?.[0]
    if (!problem || problem.final) throw error
    machine.depth = depth
    machine.want = want
    const {at, message, thrown} = problem
    const place = at ? ` at ${at.file} line ${at.line}.\n` : '\n'
    setSpecial(machine, '$@', thrown ?? `${message}${place}`)
    return []
  }
}

/** `_`: the file that was tested last. */
function lastTested(machine: Machine): string {
  const box = machine.specials.get('$_file')
  return box?.kind === 'scalar' ? textOf(box.value) : ''
}

/** Tests of a file from the innermost to the outermost, as long as they hold. */
function fileTested(machine: Machine, expr: Extract<Expr, {type: 'fileTest'}>): Scalar {
  const file = expr.of ? textOf(scalarOf(machine, expr.of)) : lastTested(machine)
  setSpecial(machine, '$_file', file)
  let result: Scalar
  for (const test of [...expr.tests].reverse()) {
    result = machine.outside.testFile(test, file)
    if (!isTrue(result)) return result
  }
  return result
}

function keepsLeft(op: '&&' | '||' | '//', left: Scalar): boolean {
  if (op === '//') return left !== undefined
  return isTrue(left) === (op === '||')
}

function blockValues(machine: Machine, body: Parameters<typeof runBlock>[1]): readonly Scalar[] {
  const end = runBlock(machine, body)
  return end.kind === 'return' || end.kind === 'done' ? end.values : []
}

function commandOutput(machine: Machine, text: string, at: Position): string {
  const command = text.trim()
  const output = machine.outside.command(command)
  if (output !== undefined) return output
  throw refusal(
    at,
    `commands are not run while a configuration is read: \`${command}\``,
    commandAdvice(command),
  )
}

/** What to write instead of a command. */
function commandAdvice(command: string): string {
  const file = /^(?:\/usr)?(?:\/bin\/)?(?:cat|head(?: -n? ?\d+)?) +([^\s;|&<>$`]+)$/.exec(command)?.[1]
  if (file !== undefined)
    return `write read_text('${file}') for its text, read_array('${file}') for its lines`
  return 'write the value itself; answered are hostname, uname, and the first line of /etc/mailname'
}
