/**
 * kept-copies — a mail that its client was told to bring again is not put into quarantine twice.
 *
 * A mail is known again by its sender and its content; Received fields may differ, as each attempt may add one. Of a
 * copy that is there for all recipients it is asked for, no second one is made. Whatever goes wrong with the memory
 * costs a second copy and nothing else.
 *
 * Diagnostics: level 1 `quarantined at an earlier attempt: <locations>`.
 */
import {createHash} from 'node:crypto'
import {statSync} from 'node:fs'
import path from 'node:path'
import type {QuarantineCopy} from '../actions/quarantine/plan.ts'
import {errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import {isNamed} from '../message/header.ts'
import type {Header} from '../message/message.ts'
import {readAll} from '../message/octets.ts'
import type {Transaction} from '../session/transaction.ts'
import type {Attempts} from '../store/attempts.ts'

export interface CopiedMail {
  readonly mail: Transaction
  readonly header: Header
}

export class KeptCopies {
  readonly #file: string
  readonly #log: Log
  readonly #now: () => number
  #attempts: Attempts | undefined
  #failed = false
  /** copies made at this attempt */
  readonly #made = new WeakMap<Transaction, {readonly header: Header; readonly done: Map<string, string>}>()

  /** @param file of the database; '' : every attempt makes its copies */
  constructor(file: string, log: Log, now: () => number = Date.now) {
    this.#file = file
    this.#log = log
    this.#now = now
  }

  /** Where an earlier attempt has put a copy; undefined: it is to be made. */
  async earlier(
    {mail, header}: CopiedMail,
    copy: QuarantineCopy,
    quarantineDir: string | undefined,
  ): Promise<readonly string[] | undefined> {
    if (this.#file === '' || this.#failed) return undefined
    try {
      const {mayHaveAttempts} = await store()
      if (!mayHaveAttempts(this.#file, this.#now())) return undefined
      const done = (await this.#open()).recall(await keyOf(mail, header))
      const found = new Set<string>()
      for (const what of deeds(mail, copy)) {
        const locations = done.get(what)
        if (locations === undefined) return undefined
        for (const location of locations.split('\n')) found.add(location)
      }
      const isThere = (location: string) =>
        !copy.method.startsWith('local:') ||
        statSync(path.resolve(quarantineDir ?? '/', location), {throwIfNoEntry: false}) !== undefined
      return [...found].every(isThere) ? [...found] : undefined
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  /** A copy was made. */
  made({mail, header}: CopiedMail, copy: QuarantineCopy, locations: readonly string[]): void {
    if (this.#file === '' || locations.length === 0) return
    const {done} = this.#made.get(mail) ?? {done: new Map<string, string>()}
    for (const what of deeds(mail, copy)) done.set(what, locations.join('\n'))
    this.#made.set(mail, {header, done})
  }

  /** The mail has its answer; where that brings it again, what was made is remembered. Never rejects. */
  async settle(mail: Transaction, isDeferred: boolean): Promise<void> {
    const made = this.#made.get(mail)
    if (!made || !isDeferred || this.#failed) return
    try {
      const attempts = await this.#open()
      attempts.remember(await keyOf(mail, made.header), made.done)
    } catch (error) {
      this.#fail(error)
    }
  }

  close(): void {
    this.#attempts?.close()
    this.#attempts = undefined
  }

  async #open(): Promise<Attempts> {
    const {openAttempts} = await store()
    this.#attempts ??= openAttempts(this.#file, {now: this.#now})
    return this.#attempts
  }

  /** Said once; this child goes on without. */
  #fail(error: unknown): void {
    this.#failed = true
    this.#log.write(-1, `${this.#file}: ${errorText(error)}; mail that comes again is quarantined again`)
    try {
      this.close()
    } catch {
      // it is of no use any more
    }
  }
}

/** Few children ever need it. */
const store = () => import('../store/attempts.ts')

/** A copy, for each of its recipients: of several, fewer may come again. */
function deeds({envelope}: Transaction, {method, targets, recipients, archive}: QuarantineCopy): string[] {
  return recipients.map(index =>
    ['quarantine', archive, method, targets, envelope.recipients[index]?.address ?? ''].join(' '),
  )
}

async function keyOf({envelope, octets}: Transaction, header: Header): Promise<Buffer> {
  const digest = createHash('sha256').update(`${envelope.sender}\0`)
  for (const field of header.fields) if (!isNamed(field, 'received')) digest.update(field.raw)
  return digest.update((await readAll(octets)).subarray(header.size)).digest()
}
