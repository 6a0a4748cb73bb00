/**
 * snapshot — a whole configuration as plain data.
 *
 * The config reader makes one, the master passes it on, a child reads it through settingsOf (view.ts).
 * Only plain objects, Maps and arrays: `v8.serialize` keeps the shared references between them, on which
 * the meaning of `\@mynetworks` depends (spec/config, Value model).
 */
import type {ArrayBox, HashBox, ScalarBox} from './value.ts'

export type Box = ScalarBox | ArrayBox | HashBox

export interface Snapshot {
  /**
   * Every variable by its name with sigil; alternative names share their box with the proper name.
   * `%policy_bank` has the built-in bank under `''`: bare name → reference to the variable.
   */
  readonly variables: Map<string, Box>
  /** whether look-ups or banks have subs whose program must be run (run-sub.ts); left out: none has */
  readonly hasSubs?: boolean
  /** the configuration files read, in order, included ones too */
  readonly files: readonly string[]
}
