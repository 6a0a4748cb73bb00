/**
 * language/list-functions — Perl's functions of lists, with and without a block.
 */
import {isTrue} from '../number.ts'
import type {Position} from '../problem.ts'
import type {Scalar} from '../value.ts'
import type {Call, Expr, Statement} from './ast.ts'
import {numberOf, textOf} from './convert.ts'
import {itemsOf, listOf, scalarOf} from './evaluate.ts'
import {countSteps, countText, inScope, type Machine} from './machine.ts'
import {compiledAt, matchesIn, regexpValue} from './match.ts'
import {runStatements} from './run.ts'
import type {PlainFunction} from './text-functions.ts'

type BlockFunction = (machine: Machine, call: Call, want: 'scalar' | 'list') => readonly Scalar[]

export const LIST_FUNCTIONS: ReadonlyMap<string, PlainFunction> = new Map<string, PlainFunction>([
  ['join', joined],
])

export const BLOCK_FUNCTIONS: ReadonlyMap<string, BlockFunction> = new Map<string, BlockFunction>([
  ['map', (machine, call, want) => counted(mapped(machine, call), want)],
  ['grep', (machine, call, want) => counted(kept(machine, call), want)],
  ['sort', sorted],
  [
    'reverse',
    (machine, call, want) => {
      const values = [...itemsOf(machine, call.args)].reverse()
      if (want === 'list') return values
      const text = joined(['', ...values.reverse()], call.at, machine)
      countText(machine, text.length * 8, call.at)
      return [[...text].reverse().join('')]
    },
  ],
  ['split', (machine, call, want) => counted(splitText(machine, call), want)],
])

function joined(args: readonly Scalar[], at: Position, machine: Machine): string {
  const separator = textOf(args[0])
  const texts = args.slice(1).map(textOf)
  countText(
    machine,
    texts.reduce((sum, text) => sum + text.length + separator.length, 0),
    at,
  )
  return texts.join(separator)
}

function counted(values: readonly Scalar[], want: 'scalar' | 'list'): readonly Scalar[] {
  return want === 'list' ? values : [values.length]
}

/** Each item as `$_` given to the block, or to the expression that stands in its place. */
function eachItem(
  machine: Machine,
  call: Call,
): {items: readonly Scalar[]; run: (item: Scalar) => readonly Scalar[]} {
  const [first, ...rest] = call.args
  const items = itemsOf(machine, call.block ? call.args : rest)
  countSteps(machine, items.length, call.at)
  const run = (item: Scalar) =>
    inScope(machine, () => {
      machine.scope!.names.set('$_', {kind: 'scalar', value: item})
      if (!call.block) return first ? listOf(machine, first) : []
      return blockList(machine, call.block)
    })
  return {items, run}
}

/** What a block gives, as a list whatever the sub around it is to give. */
function blockList(machine: Machine, block: readonly Statement[]): readonly Scalar[] {
  const {want} = machine
  machine.want = 'list'
  try {
    const end = runStatements(machine, block)
    return end.kind === 'done' || end.kind === 'return' ? end.values : []
  } finally {
    machine.want = want
  }
}

function mapped(machine: Machine, call: Call): readonly Scalar[] {
  const {items, run} = eachItem(machine, call)
  const values: Scalar[] = []
  for (const item of items) {
    const fresh = run(item)
    countSteps(machine, fresh.length, call.at)
    for (const value of fresh) values.push(value)
  }
  return values
}

function kept(machine: Machine, call: Call): readonly Scalar[] {
  const {items, run} = eachItem(machine, call)
  return items.filter(item => isTrue(run(item).at(-1)))
}

function sorted(machine: Machine, call: Call): readonly Scalar[] {
  const values = [...itemsOf(machine, call.args)]
  const {block} = call
  if (!block) return values.sort((a, b) => (textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0))
  return values.sort((a, b) =>
    inScope(machine, () => {
      machine.scope!.names.set('$a', {kind: 'scalar', value: a})
      machine.scope!.names.set('$b', {kind: 'scalar', value: b})
      return numberOf(blockList(machine, block).at(-1))
    }),
  )
}

/** `split /re/, text` and `split ' ', text`; trailing empty fields are dropped. */
function splitText(machine: Machine, call: Call): readonly Scalar[] {
  const [separator, subject, limit] = call.args
  const topic: Expr = {type: 'variable', sigil: '$', name: '_', at: call.at}
  const text = textOf(scalarOf(machine, subject ?? topic))
  const most = limit ? Math.trunc(numberOf(scalarOf(machine, limit))) : 0
  if (text === '') return []
  countText(machine, text.length, call.at)
  const fields = split(machine, separator, text, most, call.at)
  countSteps(machine, fields.length, call.at)
  if (most === 0) while (fields.length > 0 && fields.at(-1) === '') fields.pop()
  return fields
}

function split(
  machine: Machine,
  separator: Expr | undefined,
  text: string,
  most: number,
  at: Position,
): string[] {
  const isPattern = separator?.type === 'match' || separator?.type === 'regexp'
  const plain = separator === undefined ? ' ' : isPattern ? undefined : scalarOf(machine, separator)
  const blanks = plain === ' '
  const re = isPattern
    ? regexpValue(machine, separator.pattern, separator.flags, separator.at)
    : {kind: 're' as const, pattern: blanks ? '\\s+' : textOf(plain), flags: ''}
  const compiled = compiledAt(machine, typeof plain === 'object' && plain.kind === 're' ? plain : re, at)
  const subject = blanks ? text.replace(/^\s+/, '') : text
  const fields: string[] = []
  let from = 0
  for (const {index, groups} of matchesIn(compiled, subject)) {
    if (most > 0 && fields.length === most - 1) break
    const [whole = '', ...captures] = groups
    if (whole === '' && (index === 0 || index === subject.length)) continue
    fields.push(subject.slice(from, index), ...captures.map(capture => capture ?? ''))
    from = index + whole.length
  }
  fields.push(subject.slice(from))
  return fields
}
