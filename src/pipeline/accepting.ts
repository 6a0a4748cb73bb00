/**
 * accepting — mail that the client sends on itself: nothing is delivered here, the client is told what to change.
 *
 * The client has one copy for all recipients. Where they would need different headers the first ones' are taken, and
 * the log says so (spec/daemon §5.3).
 */
import {headerChanges} from '../actions/edits/changes.ts'
import {planEdits} from '../actions/edits/plan.ts'
import type {ClientEdits} from '../session/transaction.ts'
import type {Delivery, RecipientVerdict} from '../verdict/verdict.ts'
import {editInput, type Forwarding, logAddedSubject, manglingsOf, signedCluster} from './forwarding.ts'
import type {MailServices} from './services.ts'

export interface Accepted {
  readonly deliveries: ReadonlyMap<number, Delivery>
  readonly edits: ClientEdits
}

/** @param all recipients of the envelope */
export async function accept(
  job: Forwarding,
  all: readonly RecipientVerdict[],
  {log}: Pick<MailServices, 'log'>,
): Promise<Accepted> {
  const {mail, header, verdicts} = job
  const [common, ...others] = planEdits(editInput(job))
  const cluster = common && (await signedCluster(job, common, {log}))
  if (cluster) logAddedSubject(cluster, log)
  if (manglingsOf(job).size > 0)
    log.write(-1, 'NOTICE: the client has the mail, so its body is not changed (defang)')
  if (others.length > 0) log.write(-1, 'RECIPIENTS REQUIRE DIFFERENT HEADERS')
  const text = `Ok, id=${mail.taskId}, continue delivery`
  const delivery: Delivery = {
    reply: {code: 250, enhanced: '2.5.0', text},
    remote: undefined,
    queuedAs: undefined,
    dsnPassedOn: true,
    tagged: cluster?.tagged ?? false,
    signedBy: cluster?.signedBy,
    byClient: true,
  }
  return {
    deliveries: new Map(verdicts.map(({index}) => [index, delivery])),
    edits: {
      changes: cluster ? headerChanges(header, cluster.edits) : [],
      removedRecipients: all.flatMap(({blocking, recipient}) => (blocking ? [recipient.address] : [])),
      addedRecipients: [],
    },
  }
}
