/**
 * value — what a configuration's variables hold.
 *
 * Plain data without classes, so that a whole configuration with its shared references survives
 * `v8.serialize` on its way from the config reader through the master to the children (spec/config §1.2).
 */

/**
 * What an anonymous sub does. The usual one, which reads a setting of the bank in force, is recognised
 * when the file is read; any other keeps its program (statements of language/ast.ts) unread, and its text.
 */
export type SubBody =
  | {
      readonly kind: 'setting'
      /** c: value, cr: reference to it, ca: list */
      readonly accessor: 'c' | 'cr' | 'ca'
      /** name without sigil */
      readonly name: string
      /** `Opaque(c('x'))`: a constant even if it is a list; `[c('x')]`: a list of that one value */
      readonly wrap: 'opaque' | 'list' | undefined
    }
  /** `sub {0}`, `sub {}`, `sub { ('/dir', 'file-%m') }` */
  | {readonly kind: 'constant'; readonly values: readonly Scalar[]}
  | Program

/** A sub's program, with what it sees of the variables and subs around it. */
export interface Program {
  readonly kind: 'program'
  readonly statements: readonly unknown[]
  readonly text: string
  readonly at: string
  /** `my` variables by name with sigil */
  readonly scope: ReadonlyMap<string, ScalarBox | ArrayBox | HashBox>
  readonly subs: ReadonlyMap<string, Code>
}

export type Scalar = undefined | string | number | Ref | Code | Regexp | Obj
/** A reference to a variable or to a nested list or hash; identity is kept. */
export interface Ref {
  readonly kind: 'ref'
  readonly to: ScalarBox | ArrayBox | HashBox
}
/** `\&ask_daemon` (a name), an anonymous sub (its program), or a sub that a file defines (both). */
export interface Code {
  readonly kind: 'code'
  readonly name: string | undefined
  readonly body: SubBody | undefined
}
/** `qr/…/`: Perl source, translated only when it is used. */
export interface Regexp {
  readonly kind: 're'
  readonly pattern: string
  readonly flags: string
}
/**
 * A blessed thing that a helper made: `RE` (items of new_RE: regexps, or references to lists of regexp and
 * value), `Opaque` (its value), `OpaqueRef` (the reference), `SQLfield`, `LDAPattr` (field and type), …
 */
export interface Obj {
  readonly kind: 'object'
  readonly of: string
  readonly items: Scalar[]
}
export interface ScalarBox {
  readonly kind: 'scalar'
  value: Scalar
}
export interface ArrayBox {
  readonly kind: 'array'
  items: Scalar[]
}
export interface HashBox {
  readonly kind: 'hash'
  entries: Map<string, Scalar>
}
