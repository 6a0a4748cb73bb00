/**
 * forwarding — gives passed mail to the next hop, recipients with equal copies together.
 *
 * Source: spec/daemon, Recipient clusters. Each cluster is a transaction of its own, in order of its first
 * recipient. With SMTP in there is one answer for all recipients, so once one of them is deferred the rest
 * are not tried: the client keeps the mail for all.
 */
import {applyEdits} from '../actions/edits/apply.ts'
import {type Cluster, type EditInput, planEdits} from '../actions/edits/plan.ts'
import {readdress} from '../actions/edits/readdress.ts'
import {repairedFields} from '../actions/edits/repair.ts'
import type {Delivery as Job, RecipientResult} from '../actions/forward/delivery.ts'
import {MAJOR} from '../config/category.ts'
import {isTrue} from '../config/number.ts'
import {itemsOf} from '../config/scalar.ts'
import type {Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'
import {AmavisError, type SmtpReply} from '../errors.ts'
import type {Log} from '../log/log.ts'
import {lookup} from '../lookup/lookup.ts'
import {parseAddresses} from '../message/address.ts'
import type {Recipient} from '../message/envelope.ts'
import {fieldValues} from '../message/header.ts'
import type {Header} from '../message/message.ts'
import type {Transaction} from '../session/transaction.ts'
import {type Mangling, manglingFor} from '../verdict/mangling.ts'
import {isListed} from '../verdict/policy.ts'
import type {Delivery, Facts, RecipientVerdict} from '../verdict/verdict.ts'
import type {MailServices} from './services.ts'

export interface Forwarding {
  readonly mail: Transaction
  readonly settings: Settings
  readonly header: Header
  /** of recipients whose mail passes */
  readonly verdicts: readonly RecipientVerdict[]
  readonly facts: Facts
  readonly quarantined: boolean
  readonly mailId: string
  /** the content is pure ASCII: whatever the client said, it needs no 8BITMIME */
  readonly isAscii: boolean
  /** how the body was changed, as X-Amavis-Modified says it; undefined: it was not */
  readonly modified?: string | undefined
  /** fields that a hook wants on top */
  readonly customFields?: EditInput['customFields']
  /** ms that all deliveries together may take */
  readonly deadlineMs: number
}

const ANSWERS_SUCCESS = '$terminate_dsn_on_notify_success'
/** More Received fields than this are a loop (spec/daemon, Session details). */
const HOP_LIMIT = 100

/**
 * What became of each passed recipient, by its place in the envelope.
 * @throws AmavisError AM_CONFIG when a recipient has no forward method
 */
export async function forward(
  job: Forwarding,
  services: MailServices,
): Promise<ReadonlyMap<number, Delivery>> {
  const {mail, header, verdicts, settings} = job
  const ended = new Map<number, Delivery>()
  const endAll = (members: readonly RecipientVerdict[], reply: SmtpReply) => {
    for (const {index} of members) ended.set(index, failed(reply))
  }
  if (isLooping(header)) {
    endAll(verdicts, {
      code: 554,
      enhanced: '5.4.6',
      text: `id=${mail.taskId} - Hop count exceeded, mail is looping`,
    })
    return ended
  }
  const endsAt = performance.now() + job.deadlineMs
  const copies = await copiesOf(job, services)
  const consignments: Consignment[] = []
  for (const copy of copies) consignments.push(...byMethod(copy, planEdits(editInput(copy))))
  let givingUp = false
  for (const {copy, cluster, method} of consignments) {
    if (givingUp) {
      const text = `Giving up due to previous temporary failures, id=${mail.taskId}`
      endAll(cluster.recipients, {code: 451, enhanced: '4.5.0', text})
      continue
    }
    logAddedSubject(cluster, services.log)
    const signed = await signedCluster(copy, cluster, services)
    // All of them share the time: what one next hop has taken must be known when another is silent to the end.
    const deadlineMs = Math.max(1, endsAt - performance.now())
    const delivery = deliveryOf({...copy, deadlineMs}, signed, method, services)
    const results = await services.forwarder.deliver(delivery, mail.timing)
    for (const [n, {index, recipient}] of cluster.recipients.entries()) {
      const result = results[n]!
      const dsnPassedOn = result.dsnPassedOn && !settings.flag(ANSWERS_SUCCESS)
      ended.set(index, {
        ...result,
        dsnPassedOn,
        signedBy: signed.signedBy,
        tagged: cluster.tagged || delivery.recipients[n]?.address !== recipient.address,
      })
      givingUp ||= result.reply.code >= 400 && result.reply.code < 500 && !isLmtp(mail.protocol)
    }
  }
  return ended
}

/** A cluster whose copy is signed by us. */
export interface SignedCluster extends Cluster {
  /** `selector:domain` of each signature */
  readonly signedBy?: readonly string[] | undefined
}

/** The cluster with our signatures above its other fields, where its mail is to be signed. */
export async function signedCluster(
  copy: Forwarding,
  cluster: Cluster,
  {log}: Pick<MailServices, 'log'>,
): Promise<SignedCluster> {
  const {settings, mail, header, facts} = copy
  if (!isToBeSigned(settings, cluster.recipients)) return cluster
  // Few sockets have mail of our own users.
  const {signLeaving} = await import('./signing.ts')
  const {fields, pairs} = await signLeaving(
    {
      header,
      octets: mail.octets,
      edits: cluster.edits,
      repaired: mail.deliveredBy === 'client' ? undefined : repairedFields(header, settings),
      envelopeSender: mail.envelope.sender,
      settings,
      signatures: facts.signatures ?? [],
      byClient: mail.deliveredBy === 'client',
    },
    log,
  )
  if (fields === '') return cluster
  return {...cluster, edits: {...cluster.edits, prepend: fields + cluster.edits.prepend}, signedBy: pairs}
}

/** Mail of our own users that is neither infected nor spam. */
function isToBeSigned(settings: Settings, recipients: readonly RecipientVerdict[]): boolean {
  if (!maySign(settings) || !settings.flag('$originating')) return false
  return recipients.every(({categories}) => categories.every(({major}) => !UNSIGNED_MAJORS.has(major)))
}

export function maySign(settings: Settings): boolean {
  return (
    settings.flag('$enable_dkim_signing') &&
    isTrue(settings.hash('%allowed_added_header_fields').get('dkim-signature'))
  )
}

const UNSIGNED_MAJORS: ReadonlySet<number> = new Set([MAJOR.Virus, MAJOR.Spam, MAJOR.Spammy])

/** What the edits of passed mail are planned from. */
export function editInput({mail, header, verdicts, settings, ...job}: Forwarding): EditInput {
  return {
    header,
    verdicts,
    recipientCount: mail.envelope.recipients.length,
    facts: job.facts,
    quarantined: job.quarantined,
    modified: job.modified,
    customFields: job.customFields,
    client: mail.client,
    listener: mail.listener,
    deliveredByClient: mail.deliveredBy === 'client',
    protocol: mail.protocol,
    taskId: mail.taskId,
    mailId: job.mailId,
    at: mail.receivedAt,
    settings,
  }
}

export function logAddedSubject({addsSubject}: Cluster, log: Log): void {
  if (addsSubject) log.write(0, "INFO: no existing header field 'Subject', inserting it")
}

/** Whether the client takes an answer for each recipient. */
export function isLmtp(protocol: string): boolean {
  return /LMTP/.test(protocol)
}

function deliveryOf(
  {mail, header, settings, mailId, isAscii, deadlineMs}: Forwarding,
  {recipients, edits}: Cluster,
  method: Job['method'],
  {log, count}: MailServices,
): Job {
  const {envelope, client, listener} = mail
  const {head, from} = applyEdits(header, edits, repairedFields(header, settings))
  return {
    method,
    purpose: 'Relay',
    settings,
    sender: envelope.sender,
    recipients: recipients.map(verdict => {
      const recipient = readdress(verdict, settings)
      return settings.flag(ANSWERS_SUCCESS) ? withoutSuccess(recipient) : recipient
    }),
    body: isAscii ? '7BIT' : envelope.body,
    smtputf8: envelope.smtputf8,
    ret: envelope.ret,
    envid: envelope.envid,
    propagateDsn: settings.flag('$propagate_dsn_if_possible'),
    xforward: client.forwarded,
    client: {address: client.socketAddress, receivingPort: listener.port},
    head,
    from,
    octets: mail.octets,
    deadlineMs,
    abortOnTempfail: !isLmtp(mail.protocol),
    taskId: mail.taskId,
    mailId,
    log,
    count,
  }
}

/** The next hop is not asked to tell of success: we do. */
function withoutSuccess(recipient: Recipient): Recipient {
  if (!recipient.notify?.includes('SUCCESS')) return recipient
  const others = recipient.notify.filter(wish => wish !== 'SUCCESS')
  return {...recipient, notify: others.length > 0 ? others : ['NEVER']}
}

interface Consignment {
  readonly copy: Forwarding
  readonly cluster: Cluster
  readonly method: Job['method']
}

/** Recipients of a cluster may have different next hops. */
function byMethod(copy: Forwarding, clusters: readonly Cluster[]): Consignment[] {
  const {settings, modified} = copy
  const maps = settings.list('@forward_method_maps')
  const resending = modified === undefined ? undefined : methodOf(settings.scalar('$resend_method'))
  const consignments: Consignment[] = []
  for (const cluster of clusters) {
    const groups = new Map<string, {method: Job['method']; recipients: RecipientVerdict[]}>()
    for (const verdict of cluster.recipients) {
      const method = resending ?? methodFor(verdict.recipient.address, maps, settings)
      const key = String(method)
      const group = groups.get(key)
      if (group) group.recipients.push(verdict)
      else groups.set(key, {method, recipients: [verdict]})
    }
    for (const {method, recipients} of groups.values())
      consignments.push({copy, cluster: {...cluster, recipients}, method})
  }
  return consignments
}

/** The mail as it is, or with its body changed for some. */
async function copiesOf(job: Forwarding, services: MailServices): Promise<readonly Forwarding[]> {
  const manglings = manglingsOf(job)
  if (manglings.size === 0) return [job]
  // Few configurations ask for it.
  const {mangledCopies} = await import('./mangling.ts')
  return await mangledCopies(job, manglings, services)
}

/** How the body of each recipient's copy is to be changed, by its place in the envelope. */
export function manglingsOf(job: Forwarding): ReadonlyMap<number, Mangling> {
  const isOurs = () => authorsOf(job).some(author => isListed(job.settings, '@local_domains_maps', author))
  const manglings = new Map<number, Mangling>()
  for (const verdict of job.verdicts) {
    const mangling = manglingFor(verdict, job.settings, isOurs)
    if (mangling) manglings.set(verdict.index, mangling)
  }
  return manglings
}

const AUTHOR_FIELDS = ['from', 'sender', 'resent-from', 'resent-sender'] as const

/** Who wrote and who sent the mail, as its header and its envelope have them. */
export function authorsOf({header, mail}: Pick<Forwarding, 'header' | 'mail'>): readonly string[] {
  const named = AUTHOR_FIELDS.flatMap(name => fieldValues(header, name).flatMap(parseAddresses))
  const {sender} = mail.envelope
  return sender === '' ? named : [...named, sender]
}

function methodFor(address: string, maps: ReturnType<Settings['list']>, settings: Settings): Job['method'] {
  const method = methodOf(lookup(maps, address, settings)?.value)
  if (method === undefined) throw new AmavisError('AM_CONFIG', `no $forward_method for <${address}>`)
  return method
}

function methodOf(value: Scalar): Job['method'] | undefined {
  if (typeof value === 'string' && value !== '') return value
  return itemsOf(value)?.map(String)
}

function isLooping(header: Header): boolean {
  if (header.fields.length <= HOP_LIMIT) return false
  return header.fields.filter(({name}) => name.toLowerCase() === 'received').length > HOP_LIMIT
}

function failed(reply: SmtpReply): Delivery & RecipientResult {
  return {reply, remote: undefined, queuedAs: undefined, dsnPassedOn: false, tagged: false}
}
