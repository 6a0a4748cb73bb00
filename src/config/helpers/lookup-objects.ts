/**
 * helpers/lookup-objects — functions that make look-up tables: new_RE, Opaque, q_sql_s and their kind.
 */
import {textOf} from '../language/convert.ts'
import type {Builtin, Machine} from '../language/machine.ts'
import {configError, type Position} from '../problem.ts'
import type {Obj, Scalar} from '../value.ts'

export const LOOKUP_OBJECTS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['new_RE', (machine, args, at) => [regexpTable(machine, args, at)]],
  ['Opaque', (_, args) => [object('Opaque', [args[0]])]],
  ['OpaqueRef', (_, args) => [object('OpaqueRef', [args[0]])]],
  ...(['s', 'n', 'b'] as const).flatMap((letter): [string, Builtin][] => [
    [`q_sql_${letter}`, (_, args) => [object('SQLfield', [args[0], `${letter.toUpperCase()}-`])]],
    [`q_ldap_${letter}`, (_, args) => [object('LDAPattr', [args[0], `${letter.toUpperCase()}-`])]],
  ]),
  ['q_dns_a', (_, args) => [object('DNSxL', args)]],
])

function object(of: string, items: readonly Scalar[]): Obj {
  return {kind: 'object', of, items: [...items]}
}

/** Items are regexps, texts used as such, or `[regexp]`, `[regexp => value]`. */
function regexpTable(machine: Machine, args: readonly Scalar[], at: Position): Obj {
  const table = object(
    'RE',
    args.map((item, i) => {
      if (typeof item === 'object' && item.kind === 're') return item
      const pair =
        typeof item === 'object' && item.kind === 'ref' && item.to.kind === 'array'
          ? item.to.items
          : undefined
      if (pair) {
        if (pair.length === 0)
          throw configError(at, `new_RE: item ${i + 1} is an empty list, expected [regexp, value]`)
        const [first, ...rest] = pair
        const items = [regexpItem(first, i, at), ...rest]
        return {kind: 'ref', to: {kind: 'array', items}}
      }
      return regexpItem(item, i, at)
    }),
  )
  machine.origins.copyItems(args, table.items, 0, at)
  return table
}

function regexpItem(item: Scalar, index: number, at: Position): Scalar {
  if (typeof item === 'object' && item.kind === 're') return item
  if (typeof item === 'string' || typeof item === 'number')
    return {kind: 're', pattern: textOf(item), flags: ''}
  throw configError(
    at,
    `new_RE: item ${index + 1} is ${item === undefined ? 'undef' : 'a reference'}, expected a regular expression`,
  )
}
