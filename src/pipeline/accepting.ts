/**
 * accepting — mail that the client sends on itself: nothing is delivered here, the client is told what to change.
 *
 * The client has one copy for all recipients. Where they would need different headers the first ones' are taken, and
 * the log says so (spec/daemon §5.3). A changed body is for clients that take one, when all recipients are to have it.
 * With `$reinject_different_copies` such mail goes out by `$forward_method`, a copy for each kind, and the client is
 * told to discard its own.
 */
import type {HeaderEdits} from '../actions/edits/apply.ts'
import {headerChanges} from '../actions/edits/changes.ts'
import {planEdits} from '../actions/edits/plan.ts'
import {readdress} from '../actions/edits/readdress.ts'
import type {Header, HeaderField} from '../message/message.ts'
import {readAll} from '../message/octets.ts'
import type {ClientEdits} from '../session/transaction.ts'
import {textsByCategory} from '../verdict/policy.ts'
import {displayName} from '../verdict/summary.ts'
import type {Delivery, RecipientVerdict} from '../verdict/verdict.ts'
import {
  editInput,
  type Forwarding,
  forward,
  logAddedSubject,
  manglingsOf,
  signedCluster,
} from './forwarding.ts'
import type {MailServices} from './services.ts'

export interface Accepted {
  readonly deliveries: ReadonlyMap<number, Delivery>
  /** undefined: the client is not to deliver anything */
  readonly edits: ClientEdits | undefined
}

/** @param all recipients of the envelope */
export async function accept(
  job: Forwarding,
  all: readonly RecipientVerdict[],
  services: MailServices,
): Promise<Accepted> {
  const {log} = services
  const {mail, header, verdicts, settings} = job
  const {copy, areDifferent} = await oneCopy(job, services)
  const [common, ...others] = planEdits(editInput(copy))
  const hold = holdReason(job)
  // Copies of ours could not be held.
  const mayReinject = settings.flag('$reinject_different_copies') && !(hold !== undefined && mail.canHold)
  if ((areDifferent || others.length > 0) && mayReinject) {
    log.write(1, 'recipients require different copies, these are sent by $forward_method')
    return {
      deliveries: await forward({...job, mail: {...mail, deliveredBy: 'us'}}, services),
      edits: undefined,
    }
  }
  if (areDifferent) log.write(-1, 'RECIPIENTS REQUIRE DIFFERENT BODIES, mail will pass unmodified (defang)')
  const cluster = common && (await signedCluster(copy, common, {log}))
  if (cluster) logAddedSubject(cluster, log)
  if (others.length > 0) log.write(-1, 'RECIPIENTS REQUIRE DIFFERENT HEADERS')
  const text = `Ok, id=${mail.taskId}, continue delivery`
  const delivery = (tagged: boolean): Delivery => ({
    reply: {code: 250, enhanced: '2.5.0', text},
    remote: undefined,
    queuedAs: undefined,
    dsnPassedOn: true,
    tagged,
    signedBy: cluster?.signedBy,
    byClient: true,
  })
  const deliveries = new Map<number, Delivery>()
  const moved: {readonly from: string; readonly to: string}[] = []
  for (const verdict of verdicts) {
    const {address: from} = verdict.recipient
    const {address: to} = readdress(verdict, settings)
    if (to !== from) moved.push({from, to})
    deliveries.set(verdict.index, delivery((cluster?.tagged ?? false) || to !== from))
  }
  const edits = cluster && (copy === job ? cluster.edits : withOwnFields(cluster.edits, header, copy.header))
  return {
    deliveries,
    edits: {
      changes: edits ? headerChanges(header, edits) : [],
      body: copy === job ? undefined : (await readAll(copy.mail.octets)).subarray(copy.header.size),
      removedRecipients: [
        ...all.flatMap(({blocking, recipient}) => (blocking ? [recipient.address] : [])),
        ...moved.map(({from}) => from),
      ],
      addedRecipients: moved.map(({to}) => to),
      hold,
    },
  }
}

/** What `%milter_hold_by_ccat` has for the first recipient that it has something for. */
function holdReason({verdicts, settings}: Forwarding): string | undefined {
  if (settings.hash('%milter_hold_by_ccat').size === 0) return undefined
  for (const {categories, recipient} of verdicts) {
    for (const text of textsByCategory(settings, '%milter_hold_by_ccat', categories, recipient.address)) {
      if (text === '' || text === '0') break
      return text === '1' ? `held by policy: ${displayName(categories[0]!)}` : text
    }
  }
  return undefined
}

/**
 * The job itself, or one whose body is changed where the client takes that and all recipients are to have it.
 *
 * `areDifferent`: they are not all to have the same body, so it is the job itself.
 */
async function oneCopy(
  job: Forwarding,
  services: MailServices,
): Promise<{readonly copy: Forwarding; readonly areDifferent: boolean}> {
  const manglings = manglingsOf(job)
  if (manglings.size === 0) return {copy: job, areDifferent: false}
  if (!job.mail.takesBody) {
    services.log.write(-1, 'NOTICE: the client takes no other body, mail will pass unmodified (defang)')
    return {copy: job, areDifferent: false}
  }
  const {mangledCopies} = await import('./mangling.ts')
  const [copy = job, ...others] = await mangledCopies(job, manglings, services)
  if (others.length > 0) return {copy: job, areDifferent: true}
  return {copy: copy.modified === undefined ? job : copy, areDifferent: false}
}

/** Edits of a changed copy as edits of the mail that the client has: its fields that went, go, and new ones come. */
function withOwnFields(edits: HeaderEdits, original: Header, changed: Header): HeaderEdits {
  const key = ({raw}: HeaderField) => raw.toString('latin1')
  const dropped = new Set([...edits.drop].map(key))
  const before = new Set(original.fields.map(key))
  const after = new Set(changed.fields.map(key))
  const came = changed.fields.filter(field => !before.has(key(field)) && !dropped.has(key(field)))
  return {
    ...edits,
    prepend: edits.prepend + came.map(({raw}) => raw.toString('utf8')).join(''),
    drop: new Set(original.fields.filter(field => !after.has(key(field)) || dropped.has(key(field)))),
  }
}
