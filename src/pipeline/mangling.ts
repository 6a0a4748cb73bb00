/**
 * mangling — the copies of passed mail whose body is changed: wrapped as an attachment, or altered by a program.
 *
 * Loaded where a recipient's policy asks for it. Recipients with the same change share a copy. Where a program fails
 * that was to make a mail harmless it is wrapped instead; where a disclaimer cannot be added the mail passes without.
 *
 * Diagnostics: level -1 `mangling by (altermime) failed: …`.
 */
import {isAscii} from 'node:buffer'
import {randomBytes} from 'node:crypto'
import {createWriteStream} from 'node:fs'
import {copyFile, mkdir, rm, stat, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {alterFile, altermimeArguments} from '../actions/mangle/altermime.ts'
import {explainWrapping, wrapping} from '../actions/mangle/wrap.ts'
import {AmavisError, errorText} from '../errors.ts'
import {parseHeader} from '../message/header.ts'
import {MEMORY_LIMIT_BYTES, type Octets, octetsOf, readAll, readChunks} from '../message/octets.ts'
import type {Mangling} from '../verdict/mangling.ts'
import {textFor} from '../verdict/policy.ts'
import type {RecipientVerdict} from '../verdict/verdict.ts'
import {authorsOf, type Forwarding} from './forwarding.ts'
import type {MailServices} from './services.ts'

/** Recipients whose copies are changed in the same way, and the explanation that a wrapped one begins with. */
interface Group {
  readonly mangling: Mangling | undefined
  readonly explanation: string
  readonly verdicts: RecipientVerdict[]
}

/**
 * A job for each copy, in the order of their first recipients.
 * @param manglings what each of the job's recipients is to get, by its place in the envelope
 * @throws AmavisError AM_STORAGE when a large mail cannot be written anew
 */
export async function mangledCopies(
  job: Forwarding,
  manglings: ReadonlyMap<number, Mangling>,
  services: MailServices,
): Promise<readonly Forwarding[]> {
  const hostname = job.settings.string('$myhostname') ?? 'localhost'
  const groups = new Map<string, Group>()
  for (const verdict of job.verdicts) {
    const mangling = manglings.get(verdict.index)
    const explanation =
      mangling === undefined || mangling.kind === 'disclaimer'
        ? ''
        : explainWrapping(verdict, job.facts, hostname)
    const key = `${mangling?.name ?? ''}\n${explanation}`
    const group = groups.get(key)
    if (group) group.verdicts.push(verdict)
    else groups.set(key, {mangling, explanation, verdicts: [verdict]})
  }
  const copies: Forwarding[] = []
  for (const [n, group] of [...groups.values()].entries())
    copies.push({...(await changed(job, group, `copy-${n}`, services)), verdicts: group.verdicts})
  return copies
}

async function changed(
  job: Forwarding,
  {mangling, explanation}: Group,
  name: string,
  services: MailServices,
): Promise<Forwarding> {
  if (!mangling) return job
  const {kind} = mangling
  const {timing} = job.mail
  if (kind === 'altermime' || kind === 'disclaimer') {
    const altered = await alter(job, kind, name, services)
    timing.mark(`mangle-${kind}`)
    if (typeof altered !== 'string') return altered
    const instead = kind === 'disclaimer' ? 'mail will pass unmodified' : 'attaching it instead'
    services.log.write(-1, `mangling by (${mangling.name}) failed: ${altered}, ${instead}`)
    if (kind === 'disclaimer') return job
  } else if (kind === 'other')
    services.log.write(-1, `mangling by (${mangling.name}) is not available, attaching it instead`)
  const wrapped = await wrap(job, explanation, name, services)
  timing.mark('defang')
  return wrapped
}

async function wrap(
  job: Forwarding,
  explanation: string,
  name: string,
  services: MailServices,
): Promise<Forwarding> {
  const boundary = `=_amavis-${job.mailId}-${randomBytes(9).toString('base64url')}`
  const {before, after} = wrapping({header: job.header, isAscii: job.isAscii, explanation, boundary})
  const {octets} = job.mail
  const header = parseHeader(before)
  const modified = 'defanged'
  if (octets.memory) {
    return withOctets({...job, header, modified}, octetsOf(Buffer.concat([before, octets.memory, after])))
  }
  const file = await fileFor(name, services)
  await stored(async () => {
    const pieces = async function* () {
      yield before
      yield* readChunks(octets)
      yield after
    }
    await pipeline(Readable.from(pieces()), createWriteStream(file, {mode: 0o640}))
  })
  const size = before.length + octets.size + after.length
  return withOctets({...job, header, modified}, {size, memory: undefined, path: file})
}

/** @returns why it could not be done; the job itself where the program left the mail as it was */
async function alter(
  job: Forwarding,
  kind: 'altermime' | 'disclaimer',
  name: string,
  services: MailServices,
): Promise<Forwarding | string> {
  const {settings, mail} = job
  const isDisclaimer = kind === 'disclaimer'
  const args = settings
    .list(isDisclaimer ? '@altermime_args_disclaimer' : '@altermime_args_defang')
    .map(String)
  const option = isDisclaimer
    ? authorsOf(job)
        .map(author => textFor(settings, '@disclaimer_options_bysender_maps', author))
        .find(found => found !== undefined)
    : undefined
  const line = altermimeArguments(args, option)
  if (typeof line === 'string') return line
  try {
    const file = await fileFor(name, services)
    await rm(file, {force: true})
    if (mail.octets.memory) await writeFile(file, mail.octets.memory, {mode: 0o640, flag: 'wx'})
    else if (mail.octets.path !== undefined) await copyFile(mail.octets.path, file)
    const failure = await alterFile(file, line, settings, services.shareMs())
    if (failure !== undefined) return failure
    const {size} = await stat(file)
    const altered: Octets = {size, memory: undefined, path: file}
    const content = await readAll(altered)
    const header = parseHeader(content)
    if (header.fields.length === 0 || header.size > size) return 'nothing useful is left of the mail'
    if (mail.octets.memory?.equals(content)) return job
    const octets = size <= MEMORY_LIMIT_BYTES ? octetsOf(content) : altered
    return withOctets({...job, header, isAscii: isAscii(content), modified: 'using altermime'}, octets)
  } catch (error) {
    return errorText(error)
  }
}

function withOctets(job: Forwarding, octets: Octets): Forwarding {
  return {...job, mail: {...job.mail, octets}}
}

/** In the mail's own folder, which is removed when the mail is done with. */
async function fileFor(name: string, {partsFolder}: MailServices): Promise<string> {
  const folder = await partsFolder()
  await stored(() => mkdir(folder, {recursive: true, mode: 0o750}))
  return path.join(folder, name)
}

async function stored<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    throw new AmavisError('AM_STORAGE', `cannot write the changed mail: ${errorText(cause)}`, {cause})
  }
}
