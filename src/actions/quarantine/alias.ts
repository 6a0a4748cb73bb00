/**
 * alias — where a quarantine address leads on this machine, and what a file there is called.
 *
 * Source: spec/config §2.6, 2.7. Pure; whether a mailbox is a folder is for local.ts to see.
 */
import type {Scalar} from '../../config/value.ts'
import {localStamp} from '../date.ts'

/** A folder (one file for each mail) or an mbox file. */
export interface Mailbox {
  readonly path: string
  /** file name template that takes the place of the method's; undefined: the method's */
  readonly template: string | undefined
}

/** Addresses whose default is not `$QUARANTINEDIR` itself. */
const MBOX_DEFAULTS: Readonly<Record<string, string>> = {
  'archive-mbox': 'archive.mbox',
  'recip-quarantine': 'recip-archive.mbox',
}

/**
 * The mailbox of a quarantine address; undefined: not to be stored, which is a success.
 *
 * An entry of `%local_delivery_aliases` decides; one that is code, and an address without an entry, gets
 * the default: the quarantine folder.
 * @param quarantineDir `$QUARANTINEDIR`; undefined or '': there is no local quarantine
 */
export function mailboxOf(
  address: string,
  aliases: ReadonlyMap<string, Scalar>,
  quarantineDir: string | undefined,
  sender: string,
): Mailbox | undefined {
  const key = address.replace(/@[^@]*$/, '')
  const entry = aliases.get(key)
  const {path, template} = readEntry(entry)
  if (path !== undefined) return path === '' ? undefined : {path, template}
  if (aliases.has(key) && entry === undefined) return undefined
  if (!quarantineDir) return undefined
  const mbox = MBOX_DEFAULTS[key]
  if (mbox !== undefined) return {path: `${quarantineDir}/${mbox}`, template: undefined}
  if (key === 'sender-quarantine') return {path: quarantineDir, template: senderTemplate(sender)}
  return {path: quarantineDir, template: undefined}
}

/** A string, a reference to one, or a pair [mailbox, file]; path undefined: none of these. */
function readEntry(entry: Scalar): {path: string | undefined; template: string | undefined} {
  if (typeof entry === 'string') return {path: entry, template: undefined}
  if (typeof entry === 'object' && entry.kind === 'ref') {
    if (entry.to.kind === 'scalar') {
      const {value} = entry.to
      return {path: typeof value === 'string' ? value : undefined, template: undefined}
    }
    if (entry.to.kind === 'array') {
      const [path, template] = entry.to.items
      return {path: typeof path === 'string' ? path : '', template: text(template)}
    }
  }
  return {path: undefined, template: undefined}
}

function text(value: Scalar): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** `sender-S-%m.gz` with S the sender, made safe as a file name. */
function senderTemplate(sender: string): string {
  return `sender-${safeName(sender).replaceAll('%', '%%')}-%m.gz`
}

function safeName(sender: string): string {
  const short = sender.length > 103 ? `${sender.slice(0, 100)}...` : sender
  return short.replace(/[^A-Za-z0-9@._+-]/g, '=').replace('@', '_at_')
}

export interface NameFacts {
  readonly mailId: string
  readonly taskId: string
  /** '' for none */
  readonly partition: string
  /** hexadecimal */
  readonly bodyDigest: string
  /** ms since the epoch */
  readonly at: number
  /** for `%s`, where a template may have it */
  readonly envelopeSender?: string
}

/** A file name template filled in; an empty one is `%m`. */
export function fileNameOf(template: string, facts: NameFacts): string {
  const values: Record<string, string> = {
    b: facts.bodyDigest,
    P: facts.partition,
    m: facts.mailId,
    n: facts.taskId,
    i: localStamp(facts.at),
    '%': '%',
    ...(facts.envelopeSender !== undefined && {s: safeName(facts.envelopeSender)}),
  }
  return (template === '' ? '%m' : template).replace(/%(.)/g, (all, letter: string) => {
    const value = values[letter]
    // What did not come from the configuration must not lead out of the folder.
    return value === undefined ? all : value.replace(/[/\0]/g, '=')
  })
}

/** Whether a template asks for the body's digest, which costs a reading of the body. */
export function wantsBodyDigest(template: string): boolean {
  return /%b/.test(template.replaceAll('%%', ''))
}
