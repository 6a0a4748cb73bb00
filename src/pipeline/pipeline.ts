/**
 * pipeline — an ordered list of stages, each of which adds its own facts to what is known of a mail.
 *
 * A stage reads the facts of those before it and returns new ones under names of its own; the types see
 * to it that nothing is read before it is known and that nothing is written twice. stages.ts is the list,
 * runner.ts runs it.
 */
import type {State} from '../bus/publisher.ts'

type MaybePromise<T> = T | Promise<T>

/**
 * One stage. `name` is its section in the TIMING line, `state` the letter that monitors show while it runs
 * (spec/monitoring, who sends what), `when` whether it happens at all for this mail and `otherwise` what
 * is known if it does not: a stage that does not happen announces no state and takes no time.
 */
export interface Stage<Known, Services, Added extends object> {
  readonly name: string
  readonly state?: State
  readonly when?: (known: Known, services: Services) => boolean
  readonly otherwise?: Added
  /** its work marks sections of its own in the TIMING line, so the stage has none */
  readonly marksItself?: boolean
  run(known: Known, services: Services): MaybePromise<Added>
}

/** A stage whose types were checked when it was added. */
// biome-ignore lint/suspicious/noExplicitAny: the list is heterogeneous; Pipeline.stage has checked each entry
export type AnyStage<Services> = Stage<any, Services, object>

/** No name of `Added` is known already. */
type Fresh<Known, Added> = keyof Added & keyof Known extends never ? Added : never

export class Pipeline<Start extends object, Known extends object, Services> {
  readonly stages: readonly AnyStage<Services>[]

  private constructor(stages: readonly AnyStage<Services>[]) {
    this.stages = stages
  }

  /** An empty list whose mails begin with the facts `Start`. */
  static begin<Start extends object, Services>(): Pipeline<Start, Start, Services> {
    return new Pipeline<Start, Start, Services>([])
  }

  stage<Added extends object>(
    stage: Stage<Known, Services, Added> & {readonly otherwise?: Fresh<Known, Added>},
  ): Pipeline<Start, Known & Added, Services> {
    return new Pipeline<Start, Known & Added, Services>([...this.stages, stage])
  }
}

/** Everything that is known when a pipeline has run to its end. */
// biome-ignore lint/suspicious/noExplicitAny: only the type in the middle is looked at
export type Outcomes<P> = P extends Pipeline<any, infer Known, any> ? Known : never
