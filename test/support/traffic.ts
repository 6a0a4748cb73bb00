/**
 * traffic — clients that behave as an MTA does: a mail is kept and tried again until it is acknowledged.
 */
import {sendMail} from '../../src/demo/feed.ts'
import type {DemoMail} from '../../src/demo/mails.ts'
import type {SunkMail} from '../../src/demo/sink.ts'

export interface Traffic {
  /** Message-IDs that were answered 2xx */
  readonly acknowledged: ReadonlySet<string>
  /** connections that were refused, reset or closed before the answer, with what happened */
  readonly broken: readonly string[]
  /** replies other than 2xx */
  readonly refused: readonly string[]
}

/**
 * Send all mails from several clients at once.
 * @param retry try a mail again when its connection broke, as an MTA would; at most 50 times
 */
export async function sendTraffic(
  port: number,
  mails: readonly DemoMail[],
  {clients = 4, retry = false}: {clients?: number; retry?: boolean} = {},
): Promise<Traffic> {
  const acknowledged = new Set<string>()
  const broken: string[] = []
  const refused: string[] = []
  const queue = mails.map(mail => ({mail, tries: 0}))
  const client = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      try {
        const reply = await sendMail(port, job.mail)
        if (reply.startsWith('2')) acknowledged.add(job.mail.messageId)
        else refused.push(reply)
      } catch (error) {
        broken.push(String(error))
        if (retry && job.tries < 50) queue.push({mail: job.mail, tries: job.tries + 1})
      }
    }
  }
  await Promise.all(Array.from({length: clients}, client))
  return {acknowledged, broken, refused}
}

/** The copies of each mail at the next hop, by Message-ID. */
export function copies(mails: readonly SunkMail[]): Map<string, Buffer[]> {
  const found = new Map<string, Buffer[]>()
  for (const {octets} of mails) {
    const id = /^Message-ID: (.*?)\r$/im.exec(octets.toString('latin1'))?.[1] ?? ''
    found.set(id, [...(found.get(id) ?? []), octets])
  }
  return found
}
