/**
 * language/visit — every node of a program, in the order of its text.
 */
import type {Expr, Statement} from './ast.ts'

/** Nodes are told by their `type`; values that a program holds already are passed over. */
export function visit(value: unknown, see: (node: Expr | Statement) => void): void {
  if (typeof value !== 'object' || value === null) return
  if ('type' in value) {
    see(value as Expr | Statement)
    if (value.type === 'value') return
  }
  for (const inner of Object.values(value)) visit(inner, see)
}
