/**
 * table — what every kind of look-up table can do once it is made ready.
 */
import type {Scalar} from '../config/value.ts'
import type {Subject} from './subject.ts'

export interface Match {
  readonly value: Scalar
  /** the key, entry or expression that matched, for the log */
  readonly matchedKey: string
}

export interface Table {
  /** The answer; undefined when the table has none, or one that is undefined. */
  find(subject: Subject): Match | undefined
  /** All answers, undefined values too. */
  findAll(subject: Subject): readonly Match[]
}
