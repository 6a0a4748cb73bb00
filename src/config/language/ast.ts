/**
 * language/ast — a parsed configuration as plain data.
 *
 * Every node knows its place, for messages. `variable` and `deref` with sigil `@` or `%` are also what an
 * element or slice is taken of: `$policy_bank{A}` is an element of the variable `%policy_bank`.
 */
import type {Position} from '../problem.ts'
import type {Scalar} from '../value.ts'

export type Sigil = '$' | '@' | '%'

interface Node {
  readonly at: Position
}

export type Expr =
  | Constant
  /** a value that is there already */
  | (Node & {readonly type: 'value'; readonly value: Scalar})
  | Template
  | Variable
  | Deref
  | Element
  | Slice
  | LastIndex
  | (Node & {readonly type: 'list'; readonly items: readonly Expr[]})
  /** `(…)[0]` */
  | (Node & {readonly type: 'listSlice'; readonly of: Expr; readonly index: Expr})
  /** `[…]` and `{…}` */
  | (Node & {readonly type: 'newArray'; readonly items: readonly Expr[]})
  | (Node & {readonly type: 'newHash'; readonly items: readonly Expr[]})
  | (Node & {readonly type: 'reference'; readonly of: Expr})
  /** `\&ask_daemon` */
  | (Node & {readonly type: 'codeName'; readonly name: string})
  /** text: its block as it was written */
  | (Node & {readonly type: 'sub'; readonly body: readonly Statement[]; readonly text: string})
  /** `$code->(…)`, `&$code(…)`, `&{…}(…)` */
  | (Node & {readonly type: 'callCode'; readonly of: Expr; readonly args: readonly Expr[]})
  | (Node & {readonly type: 'regexp'; readonly pattern: Expr; readonly flags: string})
  | Match
  | (Node & {readonly type: 'unary'; readonly op: UnaryOperator; readonly of: Expr})
  | (Node & {readonly type: 'binary'; readonly op: string; readonly left: Expr; readonly right: Expr})
  | (Node & {
      readonly type: 'logical'
      readonly op: '&&' | '||' | '//'
      readonly left: Expr
      readonly right: Expr
    })
  | (Node & {readonly type: 'conditional'; readonly test: Expr; readonly yes: Expr; readonly no: Expr})
  | (Node & {readonly type: 'range'; readonly from: Expr; readonly to: Expr})
  /** op is '' for a plain assignment, else the operator before `=` */
  | (Node & {readonly type: 'assign'; readonly op: string; readonly target: Expr; readonly value: Expr})
  | (Node & {readonly type: 'step'; readonly by: 1 | -1; readonly prefix: boolean; readonly of: Expr})
  | Declaration
  | Call
  | (Node & {
      readonly type: 'methodCall'
      readonly of: Expr
      readonly method: string
      readonly args: readonly Expr[]
    })
  /** a bare word: a constant, or under `use strict` a mistake */
  | (Node & {readonly type: 'word'; readonly name: string})
  /** `… or return`, `… and next`: leaves the statement that it stands in */
  | (Node & {readonly type: 'leave'; readonly with: Statement})
  /** text between backticks */
  | (Node & {readonly type: 'command'; readonly text: Expr})
  | (Node & {readonly type: 'doBlock'; readonly body: readonly Statement[]})
  /** `eval {…}` */
  | (Node & {readonly type: 'evalBlock'; readonly body: readonly Statement[]})
  /** tests from the outermost to the innermost (`-e -f $x`); without `of`: of the file last tested */
  | (Node & {readonly type: 'fileTest'; readonly tests: string; readonly of: Expr | undefined})
  | Transliteration

export type UnaryOperator = '!' | '-' | '+' | '~'

export interface Constant extends Node {
  readonly type: 'constant'
  readonly value: string | number | undefined
}

/** An interpolating string; expressions that yield lists are joined with a space. */
export interface Template extends Node {
  readonly type: 'template'
  readonly parts: readonly (string | Expr | CaseMode)[]
}

/** `\L … \E` and its kind within a template. */
export interface CaseMode {
  readonly type: 'case'
  readonly mode: 'L' | 'U' | 'l' | 'u' | 'Q'
  readonly of: Template
}

export interface Variable extends Node {
  readonly type: 'variable'
  readonly sigil: Sigil
  readonly name: string
}

export interface Deref extends Node {
  readonly type: 'deref'
  readonly sigil: Sigil
  readonly of: Expr
}

export interface Element extends Node {
  readonly type: 'element'
  /** of kind array: sigil `@`; of kind hash: sigil `%` */
  readonly of: Variable | Deref
  readonly index: Expr
}

export interface Slice extends Node {
  readonly type: 'slice'
  readonly of: Variable | Deref
  readonly index: Expr
}

export interface LastIndex extends Node {
  readonly type: 'lastIndex'
  readonly of: Variable | Deref
}

/** `=~`, `!~`; without a target: of `$_`. */
export interface Match extends Node {
  readonly type: 'match'
  readonly target: Expr | undefined
  readonly negate: boolean
  readonly pattern: Expr
  readonly flags: string
  /** `s///`: what to put instead; with `/e` the program that says it */
  readonly replacement: Expr | undefined
}

/** `tr/a-z/A-Z/`, of `$_` without a target. */
export interface Transliteration extends Node {
  readonly type: 'transliteration'
  readonly target: Expr | undefined
  readonly negate: boolean
  readonly from: string
  readonly to: string
  readonly flags: string
}

export interface Declaration extends Node {
  readonly type: 'declare'
  readonly scope: 'my' | 'our' | 'local'
  readonly targets: readonly Expr[]
  /** `my ($a, $b)`: a list even if it names one */
  readonly list: boolean
}

export interface Call extends Node {
  readonly type: 'call'
  readonly name: string
  readonly args: readonly Expr[]
  /** `map { … } LIST`, `grep`, `sort` */
  readonly block: readonly Statement[] | undefined
}

export type Statement =
  | (Node & {readonly type: 'expression'; readonly of: Expr})
  | (Node & {
      readonly type: 'if'
      readonly branches: readonly {readonly test: Expr; readonly body: readonly Statement[]}[]
      readonly otherwise: readonly Statement[] | undefined
    })
  | (Node & {
      readonly type: 'while'
      readonly label: string | undefined
      readonly test: Expr
      readonly body: readonly Statement[]
      /** the step of `for (;;)`, and a `continue` block */
      readonly after: readonly Statement[]
      /** `do {…} while …`: the body comes before the first test */
      readonly bodyFirst: boolean
    })
  | (Node & {
      readonly type: 'foreach'
      readonly label: string | undefined
      /** undefined: `$_` */
      readonly variable: Variable | undefined
      readonly own: boolean
      readonly list: Expr
      readonly body: readonly Statement[]
    })
  | (Node & {
      readonly type: 'block'
      readonly label: string | undefined
      readonly body: readonly Statement[]
    })
  | (Node & {readonly type: 'return'; readonly value: Expr | undefined})
  | (Node & {readonly type: 'jump'; readonly to: 'next' | 'last'; readonly label: string | undefined})
  | (Node & {readonly type: 'pragma'; readonly on: boolean; readonly name: string})
  /** `sub name {…}`, defined before the statements around it are run */
  | (Node & {readonly type: 'namedSub'; readonly name: string; readonly body: readonly Statement[]})
  /** `use constant NAME => VALUE`, `use constant {…}` */
  | (Node & {readonly type: 'constants'; readonly of: Expr})
  | (Node & {readonly type: 'ourNames'; readonly names: readonly string[]})
