/**
 * value — what a configuration's variables hold.
 *
 * Plain data without classes, so that a whole configuration with its shared references survives
 * `v8.serialize` on its way from the config reader through the master to the children (spec/config §1.2).
 */

/** The program of an anonymous sub, kept unread until something calls it. */
export type SubBody = unknown

export type Scalar = undefined | string | number | Ref | Code | Regexp | Obj
/** A reference to a variable or to a nested list or hash; identity is kept. */
export interface Ref {
  readonly kind: 'ref'
  readonly to: ScalarBox | ArrayBox | HashBox
}
/** `\&ask_daemon` (a name), or an anonymous sub (its program). */
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
/** A blessed thing that a helper made: `RE` (items of new_RE), `Opaque`, … */
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
