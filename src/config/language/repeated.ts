/**
 * language/repeated — what a file says twice, where the first is lost.
 *
 * Only plain cases: scalar settings assigned anew at file level, and constant keys that stand twice in the
 * list of one hash.
 */
import type {Position} from '../problem.ts'
import type {Expr, Statement} from './ast.ts'

export interface Repeated {
  readonly what: string
  readonly first: Position
  readonly again: Position
}

/** Scalars that a file gives a value, and later another one without having looked at the first. */
export function repeatedScalars(file: readonly Statement[]): readonly Repeated[] {
  const values = new Map<string, Position>()
  const found: Repeated[] = []
  for (const statement of file) {
    const assigned = plainAssignment(statement)
    const used = usedIn(assigned ? assigned.value : statement)
    if (used.has(INCLUSION)) values.clear()
    for (const name of used) values.delete(name)
    if (!assigned) continue
    const first = values.get(assigned.name)
    if (first) found.push({what: `$${assigned.name}`, first, again: assigned.at})
    values.set(assigned.name, assigned.at)
  }
  return found
}

/** Stands for whatever another file may look at. */
const INCLUSION = ''

/** The names of all variables that are looked at in a node, of whatever sigil. */
function usedIn(node: unknown, names = new Set<string>()): Set<string> {
  if (typeof node !== 'object' || node === null) return names
  if ('type' in node && 'name' in node && typeof node.name === 'string') {
    if (node.type === 'variable') names.add(node.name)
    if (node.type === 'call' && /^(?:include_|do$|require$)/.test(node.name)) names.add(INCLUSION)
  }
  for (const inner of Object.values(node)) usedIn(inner, names)
  return names
}

function plainAssignment(statement: Statement): {name: string; at: Position; value: Expr} | undefined {
  if (statement.type !== 'expression' || statement.of.type !== 'assign') return undefined
  const {target, op, value} = statement.of
  if (op !== '' || target.type !== 'variable' || target.sigil !== '$') return undefined
  return {name: target.name, at: target.at, value}
}

/** Keys of a hash's list of pairs, which is `{ … }` or assigned to a hash, that stand in it twice. */
export function repeatedKeys(file: readonly Statement[]): readonly Repeated[] {
  const found: Repeated[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('type' in node) for (const items of pairsOf(node as Expr)) found.push(...twice(items))
    for (const inner of Object.values(node)) visit(inner)
  }
  visit(file)
  return found
}

function pairsOf(node: Expr): readonly (readonly Expr[])[] {
  if (node.type === 'newHash') return [node.items]
  const isHash = node.type === 'assign' && node.target.type === 'variable' && node.target.sigil === '%'
  return isHash && node.value.type === 'list' ? [node.value.items] : []
}

function twice(items: readonly Expr[]): readonly Repeated[] {
  // something that may be any number of values leaves it open which ones are keys
  if (items.length % 2 !== 0 || !items.every(isOneValue)) return []
  const seen = new Map<string, Position>()
  const found: Repeated[] = []
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i]!
    if (key.type !== 'constant') continue
    const text = String(key.value)
    const first = seen.get(text)
    if (first) found.push({what: text, first, again: key.at})
    seen.set(text, key.at)
  }
  return found
}

const ONE_VALUE = new Set([
  'constant',
  'template',
  'newArray',
  'newHash',
  'codeName',
  'sub',
  'regexp',
  'binary',
  'unary',
])

function isOneValue(node: Expr): boolean {
  return ONE_VALUE.has(node.type) || (node.type === 'variable' && node.sigil === '$')
}
