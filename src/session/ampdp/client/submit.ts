/**
 * submit — gives a mail to the daemon over AM.PDP, as amavisd-submit does: in a folder of its own that the daemon
 * removes.
 */
import {constants} from 'node:fs'
import {mkdtemp, open, rm} from 'node:fs/promises'
import path from 'node:path'
import type {Readable} from 'node:stream'
import type {Attributes} from '../attributes.ts'
import type {Conversation} from './conversation.ts'

export interface Submitting {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly mail: Readable
  /** `$TEMPBASE`: the daemon takes mail from nowhere else */
  readonly base: string
  /** who is to be able to read and remove it; undefined: who made it */
  readonly owner: {readonly uid: number; readonly gid: number} | undefined
}

/**
 * Leaves nothing behind.
 * @throws Error when the mail cannot be written, or nobody answers
 */
export async function submitMail(
  {sender, recipients, mail, base, owner}: Submitting,
  {ask}: Pick<Conversation, 'ask'>,
): Promise<Attributes> {
  const folder = await mkdtemp(path.join(base, 'amavis-'))
  try {
    const file = path.join(folder, 'email.txt')
    // by their descriptors: where root submits, the folder is in one of the daemon's user, who may rename it
    await using made = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    await using written = await open(file, 'wx', 0o640)
    await written.writeFile(mail)
    await made.chmod(0o750)
    if (owner) for (const one of [written, made]) await one.chown(owner.uid, owner.gid)
    return await ask([
      ['request', 'AM.PDP'],
      ['mail_file', file],
      ['tempdir', folder],
      ['tempdir_removed_by', 'server'],
      ['sender', bracketed(sender)],
      ...recipients.map(address => ['recipient', bracketed(address)] as const),
    ])
  } finally {
    await rm(folder, {recursive: true, force: true}).catch(() => {})
  }
}

function bracketed(address: string): string {
  return /^<.*>$/.test(address) ? address : `<${address}>`
}
