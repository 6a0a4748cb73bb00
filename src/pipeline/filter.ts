/**
 * filter — runs the stages over one mail and turns whatever comes of it into an answer.
 *
 * A failure before the answer is decided is a 451: the mail stays with the client, its folder is preserved
 * and the log says what happened (spec/daemon, Stage order and Failure semantics). After that the answer
 * stands: what then goes wrong in reporting is logged and nothing more.
 */
import type {Publisher} from '../bus/publisher.ts'
import {childTimeoutMs} from '../config/child-timeout.ts'
import {errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import {logStyle} from '../log/log-plan.ts'
import {debugReason} from '../session/debugged.ts'
import type {Filter, Outcome, Transaction} from '../session/transaction.ts'
import {countFailure} from '../verdict/counters.ts'
import {Run} from './run.ts'
import type {ChildServices} from './services.ts'
import {check, report} from './stages.ts'

export interface FilterDeps extends Omit<ChildServices, 'publish'> {
  readonly publisher: Publisher
  readonly log: Log
}

/** Decoders, virus and spam scanners in turn: of 480 s the next hop still has 30 when all of them hung. */
const CHECK_SHARE = 0.6

export function createFilter(deps: FilterDeps): Filter {
  const {publisher} = deps
  const publish = publisher.count.bind(publisher)
  return async received => {
    const startedAt = performance.now()
    const debugged = debugReason(received.envelope, received.settings)
    const isDebugged = debugged !== undefined
    const mail = isDebugged ? {...received, isDebugged} : received
    const log = deps.log.forTask(mail.taskId, logStyle(mail.settings, isDebugged))
    const counted = new Map<string, number>()
    const budgetMs = Math.min(childTimeoutMs(mail.settings), mail.answerWithinMs ?? Number.POSITIVE_INFINITY)
    const elapsedMs = () => performance.now() - startedAt
    const remainingMs = () => Math.max(1, budgetMs - elapsedMs())
    const count = (name: string, n = 1) => void counted.set(name, (counted.get(name) ?? 0) + n)
    const shareMs = () => Math.max(1, remainingMs() * CHECK_SHARE)
    const services = {...deps, publish, log, counted, count, remainingMs, shareMs, elapsedMs}
    const run = new Run({
      state: state => publisher.state(state, mail.taskId),
      mark: name => mail.timing.mark(name),
      remainingMs,
    })
    publisher.state('=', mail.taskId)
    // Its folder is kept whatever becomes of the mail.
    if (debugged !== undefined) await mail.preserve(debugged)
    try {
      const checked = await check(mail, run, services)
      try {
        await report(checked, run, services)
      } catch (error) {
        log.write(-2, `TROUBLE in check_mail, but must continue: ${describe(run.stage, error)}`)
      }
      run.end()
      await deps.keptCopies?.settle(mail, isDeferred(checked.outcome))
      return checked.outcome
    } catch (error) {
      run.end()
      if (deps.publishing) countFailure(error, counted, publish)
      await deps.keptCopies?.settle(mail, true)
      return await fail(mail, log, run, error)
    } finally {
      publisher.state('.')
    }
  }
}

/** Whether the client brings the mail again, for any of its recipients. */
function isDeferred({reply, perRecipient}: Outcome): boolean {
  return [reply, ...perRecipient].some(({code}) => code >= 400 && code < 500)
}

async function fail(mail: Transaction, log: Log, {stage, isJudged}: Run, error: unknown): Promise<Outcome> {
  const what = describe(stage, error)
  log.write(-2, `TROUBLE in check_mail: ${what}`)
  await mail.preserve(what)
  const text = `Error in processing, id=${mail.taskId}, ${stage} FAILED`
  const reply = {code: 451, enhanced: '4.5.0', text}
  return {reply, perRecipient: mail.envelope.recipients.map(() => reply), isFailure: !isJudged}
}

/** For the log: our own mistakes with the place where they happened. */
function describe(stage: string, error: unknown): string {
  const what = `${stage} FAILED: ${errorText(error)}`
  return error instanceof Error && error.name !== 'AmavisError' ? `${what}\n${error.stack ?? ''}` : what
}
