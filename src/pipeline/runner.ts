/**
 * runner — runs a pipeline's stages over one mail: announces states, takes the time, holds the deadline.
 *
 * The facts are gathered here and nowhere else. A stage that throws, or that is not done when the deadline
 * comes, ends the run with a StageFailure that names it; what the client is told is the caller's matter.
 */
import type {State} from '../bus/publisher.ts'
import {AmavisError, errorText} from '../errors.ts'
import type {AnyStage, Pipeline} from './pipeline.ts'

export class StageFailure extends Error {
  readonly stage: string

  constructor(stage: string, cause: unknown) {
    super(`${stage} FAILED: ${errorText(cause)}`, {cause})
    this.name = 'StageFailure'
    this.stage = stage
  }
}

export interface RunHooks<Services> {
  readonly services: Services
  /** a state letter begins */
  state(state: State): void
  /** a section of the TIMING line ends */
  mark(name: string): void
  /** ms that are left for the whole run; asked before each stage that has to wait */
  remainingMs(): number
}

/**
 * @returns the facts of all stages together
 * @throws StageFailure
 */
export async function run<Start extends object, Known extends object, Services>(
  pipeline: Pipeline<Start, Known, Services>,
  start: Start,
  hooks: RunHooks<Services>,
): Promise<Known> {
  // Put together here and nowhere else: the stages see it as it is when they begin.
  const known: object = {...start}
  for (const stage of pipeline.stages) {
    if (stage.when && !stage.when(known, hooks.services)) {
      if (stage.otherwise) Object.assign(known, stage.otherwise)
      continue
    }
    if (stage.state) hooks.state(stage.state)
    try {
      const added = stage.run(known, hooks.services)
      Object.assign(known, added instanceof Promise ? await within(hooks.remainingMs(), stage, added) : added)
    } catch (error) {
      throw new StageFailure(stage.name, error)
    } finally {
      if (!stage.marksItself) hooks.mark(stage.name)
    }
  }
  return known as Known
}

/** The promise's value, or a time-out error; the stage itself has the same deadline and ends by itself. */
async function within<Services>(
  ms: number,
  stage: AnyStage<Services>,
  work: Promise<object>,
): Promise<object> {
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AmavisError('AM_TIMEOUT', `timed out in ${stage.name}`)),
      Math.max(0, ms),
    )
  })
  try {
    return await Promise.race([work, overdue])
  } finally {
    clearTimeout(timer)
  }
}
