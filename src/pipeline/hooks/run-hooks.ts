/**
 * run-hooks — calls the operator's functions at their points, and gives back what they want done as values.
 *
 * A mail object is good for as long as its function runs: what is asked of it later is an error. What a function
 * throws is a failure of the stage.
 */

import type {Finding} from '../../checks/finding.ts'
import type {BankReport, Settings} from '../../config/settings.ts'
import {errorText} from '../../errors.ts'
import type {Log} from '../../log/log.ts'
import {fieldValues} from '../../message/header.ts'
import type {Header} from '../../message/message.ts'
import type {Transaction} from '../../session/transaction.ts'
import {displayName} from '../../verdict/summary.ts'
import type {Facts, RecipientOutcome, RecipientVerdict} from '../../verdict/verdict.ts'
import type {HookDecision, HookMail, HookOutcome, Hooks} from './hooks.ts'

/** What hooks are told of a mail, and what they talk to. */
export interface HookSubject {
  readonly mail: Transaction
  readonly mailId: string
  readonly header: Header
  readonly content: Buffer
  readonly log: Log
  readonly count: (name: string, n?: number) => void
}

/** The hooks of one mail. */
export interface MailHooks {
  readonly new: (settings: Settings) => Promise<Settings>
  readonly checks: (
    settings: Settings,
    found: {readonly findings: readonly Finding[]; readonly facts: Facts},
  ) => Promise<{readonly settings: Settings; readonly findings: readonly Finding[]}>
  readonly beforeSend: (
    settings: Settings,
    verdicts: readonly RecipientVerdict[],
  ) => Promise<{readonly settings: Settings; readonly fields: readonly CustomField[]}>
  readonly afterSend: (settings: Settings, outcomes: readonly RecipientOutcome[]) => Promise<void>
  readonly mailDone: (settings: Settings, outcomes: readonly RecipientOutcome[]) => Promise<void>
}

/** A header field that a hook wants. */
export interface CustomField {
  readonly name: string
  readonly body: string
}

const COUNTER = /^[A-Za-z][\w.-]*$/
/** RFC 5322 §3.6.8 */
const FIELD_NAME = /^[!-9;-~]+$/
const TEST = /^[\w.:-]+$/

/** @param loading rejects when the module cannot be used: no mail passes without it */
export function mailHooks(loading: Promise<Hooks>, subject: HookSubject): MailHooks {
  const {mail, log} = subject
  const report: BankReport = (line, level) => log.write(level, line)
  let state: unknown

  return {
    async new(settings) {
      const hooks = await loading
      const banks: string[] = []
      await during(async live => {
        state = await hooks.new?.({...common(subject, settings, live), loadBank: bank(banks, settings, live)})
      })
      return settings.withBanks(banks, report)
    },
    async checks(settings, {findings, facts}) {
      const hooks = await loading
      const banks: string[] = []
      const points: Finding[] = []
      const {recipients} = mail.envelope
      await during(async live => {
        const tests = findings.flatMap(finding => (finding.kind === 'spam' ? finding.report.tests : []))
        const {virusNames, bannedReasons, headerComplaint} = facts
        await hooks.checks?.(
          {
            ...common(subject, settings, live),
            virusNames,
            bannedReasons,
            headerComplaint,
            tests,
            loadBank: bank(banks, settings, live),
            addPoints(name, score, addresses) {
              live()
              if (!TEST.test(name)) throw new TypeError(`addPoints: "${name}" is no name of a test`)
              if (!Number.isFinite(score))
                throw new TypeError(`addPoints: ${name}: expected a number of points`)
              const known = addresses?.map(address => {
                const index = recipients.findIndex(recipient => recipient.address === address)
                if (index < 0) throw new TypeError(`addPoints: <${address}> is no recipient of the mail`)
                return index
              })
              points.push({kind: 'points', test: {name, score}, recipients: known})
            },
          },
          state,
        )
      })
      return {settings: settings.withBanks(banks, report), findings: points}
    },
    async beforeSend(settings, verdicts) {
      const hooks = await loading
      const banks: string[] = []
      const fields: CustomField[] = []
      await during(async live => {
        await hooks.beforeSend?.(
          {
            ...common(subject, settings, live),
            decisions: verdicts.map(decisionOf),
            loadBank: bank(banks, settings, live),
            addHeader(name, body) {
              live()
              if (!FIELD_NAME.test(name)) throw new TypeError(`addHeader: "${name}" is no name of a field`)
              fields.push({name, body: String(body)})
            },
          },
          state,
        )
      })
      return {settings: settings.withBanks(banks, report), fields}
    },
    async afterSend(settings, outcomes) {
      const hooks = await loading
      await during(async live => {
        await hooks.afterSend?.(
          {...common(subject, settings, live), outcomes: outcomes.map(outcomeOf)},
          state,
        )
      })
    },
    async mailDone(settings, outcomes) {
      const hooks = await loading
      await during(async live => {
        await hooks.mailDone?.({...common(subject, settings, live), outcomes: outcomes.map(outcomeOf)}, state)
      })
    },
  }
}

/** The mail object of a call is dead after it. */
async function during(call: (live: () => void) => Promise<void>): Promise<void> {
  let isOver = false
  try {
    await call(() => {
      if (isOver) throw new Error('the hook has ended: await what it begins')
    })
  } catch (error) {
    if (error instanceof Error) throw error
    throw new Error(`the hook threw ${errorText(error)}`)
  } finally {
    isOver = true
  }
}

function bank(banks: string[], settings: Settings, live: () => void): (name: string) => void {
  return name => {
    live()
    if (!settings.hash('%policy_bank').has(name)) throw new TypeError(`there is no policy bank "${name}"`)
    banks.push(name)
  }
}

function common(
  {mail, mailId, header, content, log, count}: HookSubject,
  settings: Settings,
  live: () => void,
): HookMail {
  const {envelope, client} = mail
  return {
    taskId: mail.taskId,
    mailId,
    sender: envelope.sender,
    recipients: envelope.recipients.map(({address}) => address),
    client: {
      address: client.forwarded.get('ADDR'),
      name: client.forwarded.get('NAME'),
      helo: client.forwarded.get('HELO') ?? client.helo,
    },
    protocol: mail.protocol,
    receivedAt: mail.receivedAt,
    octets: content,
    banks: settings.bankPath.split('/').filter(Boolean),
    header: name => fieldValues(header, name),
    log(level, text) {
      live()
      log.write(level, String(text))
    },
    count(counter, by = 1) {
      live()
      if (!COUNTER.test(counter) || !Number.isSafeInteger(by))
        throw new TypeError(`count: "${counter}" is no name of a counter, or ${by} no whole number`)
      count(counter, by)
    },
  }
}

function decisionOf({
  recipient,
  local,
  categories,
  destiny,
  blocking,
  score,
}: RecipientVerdict): HookDecision {
  return {
    recipient: recipient.address,
    local,
    categories: categories.map(displayName),
    destiny,
    blocking: blocking && displayName(blocking),
    score,
  }
}

function outcomeOf(outcome: RecipientOutcome): HookOutcome {
  const {verdict, categories, destiny, blocking, response, quarantined, dsn} = outcome
  const {code, enhanced, text} = response
  return {
    ...decisionOf({...verdict, categories, destiny, blocking}),
    response: `${code} ${enhanced} ${text}`,
    quarantined,
    dsn,
  }
}
