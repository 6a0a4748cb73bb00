/**
 * task — a session's mails, one after the other: each from its MAIL to the answer and the TIMING line.
 *
 * Diagnostics: whatever throws on a mail's way to the filter or in it, and content that cannot be kept are answered 451 and logged at level -2.
 */
import type {Log} from '../../log/log.ts'
import {logStyle} from '../../log/log-plan.ts'
import {Timing} from '../../log/timing.ts'
import type {Client} from '../../message/envelope.ts'
import type {Peer, SessionDeps} from '../conversation.ts'
import {logOf} from '../debugged.ts'
import type {Outcome, Transaction} from '../transaction.ts'
import {innerFailure, runFilter} from './outcome.ts'
import {receivedLine} from './received-line.ts'
import type {Reception} from './reception.ts'
import {protocolName, type SessionState} from './state.ts'

/** What a mail wants of its session. */
export interface TaskHooks {
  /** Whether there is still somebody to be answered. */
  isAwaited(): boolean
  /** Tell the client, at once. */
  answer(outcome: Outcome): void
  /** The mail and what was kept of it are done with. */
  done(): void
}

export class Task {
  readonly #deps: SessionDeps
  readonly #peer: Peer
  /** of the mail in hand */
  #log: Log
  /** '' before the first */
  id = ''
  timing = new Timing()
  /** when MAIL was accepted, ms */
  receivedAt = 0

  constructor(deps: SessionDeps, peer: Peer) {
    this.#deps = deps
    this.#peer = peer
    this.#log = deps.log
  }

  /** A MAIL command has come outside a transaction. */
  begin(): void {
    if (this.id === '') this.timing.mark('SMTP pre-MAIL')
    else this.timing = new Timing()
    const {taskIds, log, settings} = this.#deps
    this.id = taskIds.next()
    this.#log = log.forTask(this.id, logStyle(settings))
  }

  log(level: number, text: string): void {
    this.#log.write(level, text)
  }

  /** The client learns nothing of it. */
  failure(error: unknown): Outcome {
    return innerFailure(error, this.id, this.#deps.log)
  }

  /** Have a whole mail checked. */
  check(reception: Reception, state: SessionState, session: TaskHooks): void {
    const octets = reception.finish()
    if (!(octets instanceof Promise)) {
      this.#filter(octets, reception, state, session)
      return
    }
    octets.then(
      kept => this.#filter(kept, reception, state, session),
      error => {
        session.answer(this.failure(error))
        session.done()
      },
    )
  }

  #filter(
    octets: Transaction['octets'],
    reception: Reception,
    state: SessionState,
    session: TaskHooks,
  ): void {
    if (!session.isAwaited()) {
      // Nobody is left to be answered: the client will come again with this mail.
      this.#deps.spool.release(octets)
      session.done()
      return
    }
    const mail = this.#accepted(octets, reception, state, session)
    if (mail === undefined) return
    runFilter(mail, this.#deps, outcome => {
      mail.timing.mark('SMTP pre-response')
      session.answer(outcome)
      mail.timing.mark('SMTP response')
      this.#deps.spool.release(octets)
      mail.timing.mark('rundown')
      this.#reportTimes(mail)
      session.done()
    })
  }

  /** The mail as the filter wants it; undefined: that failed, and the client was told. */
  #accepted(
    octets: Transaction['octets'],
    reception: Reception,
    state: SessionState,
    session: TaskHooks,
  ): Transaction | undefined {
    try {
      const mail = this.#transaction(octets, reception, state)
      this.#log = logOf(mail, this.#deps.log)
      if (this.#log.enabled(1)) this.log(1, receivedLine(mail))
      return mail
    } catch (error) {
      session.answer(this.failure(error))
      this.#deps.spool.release(octets)
      session.done()
      return undefined
    }
  }

  /** What is written to the log is published with it; these reports are published in any case. */
  #reportTimes({octets, taskId, timing}: Transaction): void {
    const {publisher} = this.#deps
    const report = () => `size: ${octets.size}, ${timing.report()}`
    if (this.#log.enabled(2)) this.log(2, report())
    else if (publisher.wantsLog()) publisher.log(2, `(${taskId}) ${report()}`)
  }

  #transaction(octets: Transaction['octets'], reception: Reception, state: SessionState): Transaction {
    const mail = state.mail!
    const {listener, settings, spool} = this.#deps
    const client: Client = {
      socketAddress: this.#peer.address,
      socketPort: this.#peer.port,
      helo: state.helo,
      tlsCipher: state.tlsCipher,
      user: state.user,
      forwarded: state.forwarded,
    }
    return {
      taskId: this.id,
      envelope: mail,
      client,
      listener,
      protocol: protocolName(state, mail.smtputf8),
      octets,
      data: reception.facts,
      receivedAt: this.receivedAt,
      timing: this.timing,
      settings,
      preserve: reason => spool.preserve(reason, octets),
    }
  }
}
