/**
 * other-methods — deliveries that need no next hop: to a program, into a BSMTP file, into a local mailbox.
 *
 * Source: spec/daemon §4.1, spec/config §2.7. As with a next hop, 2xx stands only for what is done: the program has
 * ended well, the file is synced. `sql:` waits for a store and is deferred until there is one.
 */

import {join} from 'node:path'
import {errorText, type SmtpReply} from '../../errors.ts'
import type {Timing} from '../../log/timing.ts'
import {BodyDigest} from '../../message/body-digest.ts'
import {readChunks} from '../../message/octets.ts'
import {fileNameOf, wantsBodyDigest} from '../quarantine/alias.ts'
import {withLf} from '../quarantine/line-ends.ts'
import {writeNewFile} from '../quarantine/new-file.ts'
import {mailCommand, rcptCommand} from './commands.ts'
import type {Delivery, RecipientResult} from './delivery.ts'
import {innerFailure, misconfigured} from './mapping.ts'
import {deliverToProgram} from './pipe.ts'
import {DotStuffer} from './stuffing.ts'

/** Never rejects. @returns one result for each recipient, in their order */
export async function deliverHere(
  delivery: Delivery,
  method: string,
  timing: Timing,
): Promise<readonly RecipientResult[]> {
  const [, protocol = '', rest = ''] = /^([a-z]+):(.*)$/is.exec(method) ?? []
  try {
    switch (protocol.toLowerCase()) {
      case 'pipe':
        return await deliverToProgram(delivery, rest, source(delivery))
      case 'bsmtp':
        return await writeBsmtp(delivery, rest)
      case 'local':
        return await storeInMailboxes(delivery, rest)
      default:
        delivery.log.write(-1, `delivery method "${method}" is not available`)
        return all(delivery, misconfigured(delivery.taskId))
    }
  } catch (error) {
    delivery.log.write(-1, `delivery by "${method}" failed: ${errorText(error)}`)
    return all(delivery, innerFailure(delivery.taskId))
  } finally {
    timing.mark(`fwd-${protocol.toLowerCase() || 'none'}`)
  }
}

/** The content as it would go on the wire, not stuffed. */
async function* source({head, octets, from}: Delivery): AsyncIterable<Buffer> {
  yield head
  let skip = from
  for await (const chunk of readChunks(octets)) {
    if (skip < chunk.length) yield chunk.subarray(skip)
    skip = Math.max(0, skip - chunk.length)
  }
}

/** What a file may ask of those who send it on. */
const BSMTP_EXTENSIONS = new Map<string, readonly string[]>([
  ['8BITMIME', []],
  ['SMTPUTF8', []],
  ['DSN', []],
])

async function writeBsmtp(delivery: Delivery, template: string): Promise<readonly RecipientResult[]> {
  const {settings, recipients, taskId, mailId, sender} = delivery
  const folder = settings.string('$QUARANTINEDIR')
  const mail = mailCommand(delivery, BSMTP_EXTENSIONS)
  if ('refusal' in mail) return all(delivery, mail.refusal)
  const commands = recipients.map(recipient => rcptCommand(recipient, delivery, mail.dsn, BSMTP_EXTENSIONS))
  const named = commands.filter(command => typeof command === 'string')
  const bodyDigest = wantsBodyDigest(template) ? await digestOf(delivery) : ''
  const name = fileNameOf(template, {
    mailId: plainId(mailId),
    taskId,
    partition: '',
    bodyDigest,
    at: Date.now(),
    envelopeSender: sender,
  })
  if (!folder && !template.startsWith('/')) {
    delivery.log.write(-1, 'bsmtp: $QUARANTINEDIR is not set')
    return all(delivery, misconfigured(taskId))
  }
  const path = template.startsWith('/') ? name : join(folder ?? '/', name)
  if (named.length > 0) {
    const hello = `EHLO ${settings.string('$localhost_name') ?? 'localhost'}`
    const envelope = [hello, mail.line, ...named, 'DATA', ''].join('\r\n')
    await writeNewFile(path, withLf(bsmtpOctets(envelope, source(delivery))))
  }
  const stored = {
    ...done({code: 250, enhanced: '2.6.0', text: `Ok, id=${taskId}, stored for batch SMTP`}),
    queuedAs: name,
  }
  return commands.map(command => (typeof command === 'string' ? stored : done(command.refusal)))
}

async function* bsmtpOctets(envelope: string, content: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  yield Buffer.from(envelope, 'utf8')
  const stuffer = new DotStuffer()
  for await (const chunk of content) {
    const pieces: Buffer[] = []
    stuffer.push(chunk, pieces)
    yield* pieces
  }
  yield Buffer.from(`${stuffer.end()}QUIT\r\n`, 'latin1')
}

async function digestOf(delivery: Delivery): Promise<string> {
  const digest = new BodyDigest()
  for await (const chunk of source(delivery)) digest.update(chunk)
  return digest.digest()
}

async function storeInMailboxes(
  {settings, recipients, sender, head, octets, from, taskId, mailId, log}: Delivery,
  template: string,
): Promise<readonly RecipientResult[]> {
  const {storeLocally} = await import('../quarantine/local.ts')
  const aliases = settings.hash('%local_delivery_aliases')
  const results: RecipientResult[] = []
  for (const {address} of recipients) {
    const stored = await storeLocally(
      {
        template,
        targets: [address],
        head,
        octets: await octetsFrom(octets, from),
        headerSize: 0,
        sender,
        mailId: plainId(mailId),
        taskId,
        partition: '',
        at: Date.now(),
      },
      {
        quarantineDir: settings.string('$QUARANTINEDIR'),
        subdirLevels: settings.number('$quarantine_subdir_levels') ?? 0,
        aliases,
      },
    )
    const isStored = stored.kind === 'stored' && stored.locations.length > 0
    // An alias may lead nowhere on purpose; what has none leads nowhere by mistake.
    const isGone = stored.kind === 'stored' && aliases.has(address.replace(/@[^@]*$/, ''))
    if (!isStored && !isGone) {
      log.write(-1, stored.kind === 'failed' ? stored.reason : `local: there is no mailbox for <${address}>`)
    }
    results.push(
      done(
        isStored || isGone
          ? {code: 250, enhanced: '2.6.0', text: `Ok, id=${taskId}, delivered locally`}
          : {code: 451, enhanced: '4.5.0', text: `Local delivery failed, id=${taskId}`},
      ),
    )
  }
  return results
}

async function octetsFrom(octets: Delivery['octets'], from: number): Promise<Delivery['octets']> {
  if (from === 0) return octets
  const {octetsOf, readAll} = await import('../../message/octets.ts')
  return octetsOf((await readAll(octets)).subarray(from))
}

/** The identifier of the mail itself, without that of the mail it is about. */
function plainId(mailId: string): string {
  return mailId.replace(/\(.*$/s, '')
}

function all({recipients}: Delivery, reply: SmtpReply): readonly RecipientResult[] {
  const result = done(reply)
  return recipients.map(() => result)
}

function done(reply: SmtpReply): RecipientResult {
  return {reply, remote: undefined, queuedAs: undefined, dsnPassedOn: false}
}
