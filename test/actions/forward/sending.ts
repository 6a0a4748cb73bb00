/**
 * sending — a delivery with everything in it, to be varied by tests.
 */
import type {Delivery, RecipientResult} from '../../../src/actions/forward/delivery.ts'
import {createForwarder, type ForwarderDeps} from '../../../src/actions/forward/forwarder.ts'
import type {Log} from '../../../src/log/log.ts'
import {Timing} from '../../../src/log/timing.ts'
import type {Recipient} from '../../../src/message/envelope.ts'
import {octetsOf} from '../../../src/message/octets.ts'
import {settingsFrom} from '../../lookup/settings.ts'

const DEFAULTS = settingsFrom('use strict;\n1;')

export interface Sender {
  send(delivery: Partial<Delivery> & {readonly port?: number}): Promise<readonly RecipientResult[]>
  readonly counts: Map<string, number>
  readonly logged: [level: number, text: string][]
  readonly sections: string[]
  close(): Promise<void>
}

export const recipient = (address: string, more: Partial<Recipient> = {}): Recipient => ({
  address,
  orcpt: undefined,
  notify: undefined,
  ...more,
})

export function startSender(deps: Partial<ForwarderDeps> = {}): Sender {
  const forwarder = createForwarder({
    heloName: 'localhost',
    cache: true,
    cacheOnDemand: false,
    ...deps,
  })
  const counts = new Map<string, number>()
  const logged: Sender['logged'] = []
  const sections: string[] = []
  const log: Log = {
    enabled: () => true,
    write: (level, text) => void logged.push([level, text]),
    forTask: () => log,
  }
  return {
    counts,
    logged,
    sections,
    async send({port, ...given}) {
      const timing = new Timing()
      const delivery: Delivery = {
        method: `smtp:[127.0.0.1]:${port}`,
        purpose: 'Relay',
        settings: DEFAULTS,
        sender: 's@example.org',
        recipients: [recipient('r@example.com')],
        body: undefined,
        smtputf8: false,
        ret: undefined,
        envid: undefined,
        propagateDsn: true,
        xforward: new Map(),
        client: {address: undefined, receivingPort: undefined},
        head: Buffer.from('X-Head: 1\r\n'),
        octets: octetsOf(Buffer.from('Subject: x\r\n\r\nbody\r\n')),
        from: 0,
        deadlineMs: 10_000,
        abortOnTempfail: false,
        taskId: '04711-01',
        mailId: 'g8b6GiznPrGP',
        log,
        count: (name, n = 1) => void counts.set(name, (counts.get(name) ?? 0) + n),
        ...given,
      }
      const results = await forwarder.deliver(delivery, timing)
      sections.splice(0, sections.length, ...timing.sections.map(section => section.name))
      return results
    },
    close: () => forwarder.close(),
  }
}

/** Replies as `code enhanced text`. */
export function shown(results: readonly RecipientResult[]): string[] {
  return results.map(({reply}) => `${reply.code} ${reply.enhanced} ${reply.text}`)
}
