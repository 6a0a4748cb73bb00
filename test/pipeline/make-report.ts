/** A mail that is done with, and what the last stages have at hand; what matters to a test is named. */
import type {Delivery, RecipientResult} from '../../src/actions/forward/delivery.ts'
import {MailIds} from '../../src/actions/mail-id.ts'
import {Timing} from '../../src/log/timing.ts'
import {octetsOf} from '../../src/message/octets.ts'
import {readOrigin} from '../../src/message/origin.ts'
import type {Reporting} from '../../src/pipeline/reporting.ts'
import type {MailServices} from '../../src/pipeline/services.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {client, envelope, facts, header, TASK} from '../verdict/make.ts'

export const HEADER = header(
  'Received: from relay.remote.test (relay.remote.test [203.0.113.7]) by mx with ESMTPS id A',
  'Received: from [192.0.2.33] by relay.remote.test with esmtpsa id B',
  'From: "A. Sender" <alice@remote.test>',
  'To: user@example.com',
  'Message-ID: <m1@remote.test>',
  'Subject: =?UTF-8?Q?caf=C3=A9?= "quoted"',
)

export function reporting(more: Partial<Reporting> & {conf?: string} = {}): Reporting {
  const {conf = '', ...others} = more
  const recipients = (others.outcomes ?? []).map(({verdict}) => verdict.recipient)
  const octets = octetsOf(Buffer.concat([...HEADER.fields.map(({raw}) => raw), Buffer.from('\r\nhello\r\n')]))
  return {
    mail: {
      taskId: TASK,
      envelope: envelope({recipients}),
      client: {
        ...client,
        forwarded: new Map([
          ['ADDR', '203.0.113.5'],
          ['PORT', '41234'],
          ['NAME', 'mail.remote.test'],
          ['PROTO', 'ESMTP'],
        ]),
      },
      listener: {address: '127.0.0.1', port: 10024, path: undefined},
      protocol: 'ESMTP',
      octets,
      data: {bareLf: 0, bareCr: 0, nul: 0},
      receivedAt: Date.UTC(2026, 10, 22, 15, 7, 41),
      timing: new Timing(),
      settings: settingsFrom('1;'),
      preserve: async () => undefined,
    },
    header: HEADER,
    complaints: [],
    settings: settingsFrom(
      `use strict; $myhostname = 'f.example.com'; @local_domains_maps = (['.example.com']);\n${conf}\n1;`,
    ),
    facts: facts(),
    outcomes: [],
    origin: readOrigin(HEADER, 'sender@remote.test'),
    kept: [],
    mailId: 'g8b6GiznPrGP',
    secretId: 'psNo4e_TDBNd',
    ...others,
  }
}

export interface Recorded {
  readonly services: MailServices
  readonly sent: Delivery[]
  readonly logged: string[]
}

/** Services that remember what was sent and logged; every delivery is answered with `reply`. */
export function recordedServices(
  reply = {code: 250, enhanced: '2.0.0', text: 'Ok'},
  isNewVirus: MailServices['isNewVirus'] = async () => true,
): Recorded {
  const sent: Delivery[] = []
  const logged: string[] = []
  const log = {
    enabled: () => true,
    write: (level: number, text: string) => void logged.push(`${level} ${text}`),
    forTask: () => log,
  }
  const result: RecipientResult = {reply, remote: undefined, queuedAs: undefined, dsnPassedOn: false}
  const forwarder = {
    deliver: async (delivery: Delivery) => {
      sent.push(delivery)
      return delivery.recipients.map(() => result)
    },
    close: async () => {},
  }
  const services = {
    forwarder,
    mailIds: new MailIds(),
    isNewVirus,
    log,
    count: () => {},
    remainingMs: () => 60_000,
    elapsedMs: () => 124,
  }
  // The last stages need no more of them.
  return {services: services as unknown as MailServices, sent, logged}
}
