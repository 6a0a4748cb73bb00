/**
 * tui/explain/flags — whose mail a file is to be taken for, when it is run through the daemon's stages.
 */
import {Flags} from '@oclif/core'
import type {Settings} from '../../config/settings.ts'
import {parseAddresses} from '../../message/address.ts'
import {firstValue, parseHeader} from '../../message/header.ts'
import type {RehearsalRequest} from '../../pipeline/rehearsal/rehearse.ts'

export const envelopeFlags = {
  rcpt: Flags.string({
    char: 'r',
    aliases: ['recipient'],
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<address>',
    description: 'a recipient; default: the postmaster of $mydomain',
  }),
  from: Flags.string({
    helpValue: '<address>',
    description: 'envelope sender; default: that of Return-Path, else of From',
  }),
  client: Flags.string({helpValue: '<ip>', description: 'address of the client, as XFORWARD tells it'}),
  bank: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<name>',
    description: 'a policy bank, as a request may name it',
  }),
}

export interface EnvelopeFlags {
  readonly rcpt?: readonly string[] | undefined
  readonly from?: string | undefined
  readonly client?: string | undefined
  readonly bank?: readonly string[] | undefined
}

export function rehearsalRequest(flags: EnvelopeFlags, mail: Buffer, settings: Settings): RehearsalRequest {
  return {
    sender: flags.from ?? senderOf(mail),
    recipients: flags.rcpt ?? [`postmaster@${settings.string('$mydomain') || 'localhost'}`],
    client: flags.client,
    banks: flags.bank ?? [],
    partsOnly: false,
  }
}

/** Where a mailbox keeps the envelope's; else who claims to have written the mail. */
function senderOf(mail: Buffer): string {
  const header = parseHeader(mail)
  for (const name of ['return-path', 'from']) {
    const value = firstValue(header, name)
    if (value !== undefined) return parseAddresses(value)[0] ?? ''
  }
  return ''
}
