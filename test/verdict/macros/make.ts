/** make — mails as macros of templates get them. */
import {readOrigin} from '../../../src/message/origin.ts'
import type {MacroMail} from '../../../src/verdict/macros/macro-mail.ts'
import {actionsOf} from '../../../src/verdict/status.ts'
import type {RecipientOutcome} from '../../../src/verdict/verdict.ts'
import {settingsFrom} from '../../lookup/settings.ts'
import {client, envelope, facts, header, TASK} from '../make.ts'

export const FIELDS = header(
  'Received: from mx (mx [10.0.0.1]) by here with ESMTP id 2',
  'Received: from out.test (out.test [198.51.100.7]) by mx with ESMTPS id 1',
  'From: "A" <a@out.test>',
  'Subject: =?UTF-8?Q?caf=C3=A9?= "quoted"',
  'Message-ID: <m1@out.test>',
  'User-Agent: Mutt/2.2',
)

/** A mail for macros, from what became of its recipients. */
export function macroMail(outcomes: readonly RecipientOutcome[], more: Partial<MacroMail> = {}): MacroMail {
  const recipients = outcomes.map(({verdict}) => verdict.recipient)
  const quarantine = more.quarantine ?? []
  return {
    taskId: TASK,
    mailId: 'g8b6GiznPrGP',
    secretId: '',
    parentMailId: '',
    envelope: envelope({recipients}),
    client,
    listener: {address: '127.0.0.1', port: 10024, path: undefined},
    protocol: 'ESMTP',
    tls: '',
    header: FIELDS,
    origin: readOrigin(FIELDS, 'sender@remote.test'),
    settings: settingsFrom("use strict; @local_domains_maps = (['.example.com']);\n1;"),
    facts: facts(),
    outcomes,
    actions: actionsOf(outcomes, {originating: false, quarantined: quarantine.length > 0, archived: false}),
    quarantine,
    stored: [],
    attachments: [],
    checks: new Set(),
    elapsed: new Map(),
    size: 150,
    bodyDigest: 'd41d8cd98f00b204e9800998ecf8427e',
    partition: '',
    receivedAt: Date.UTC(2026, 10, 22, 15, 7, 41),
    elapsedMs: 124,
    complaints: [],
    dkimValid: [],
    dkimAdded: [],
    ...more,
  }
}
