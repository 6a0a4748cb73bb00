/**
 * flags — which quarantine a command is about, and which mails in it.
 */
import {realpathSync} from 'node:fs'
import {Errors, Flags} from '@oclif/core'
import {requestOf, sourceFlags} from '../../../config/cli/flags.ts'
import type {Settings} from '../../../config/settings.ts'
import {usableConfiguration} from '../../../config/usable.ts'
import {AmavisError, errorText} from '../../../errors.ts'
import {CATEGORIES, type QuarantineCategory} from '../item.ts'
import {durationMs, octets, type Selection} from '../select.ts'

export const quarantineFlags = {
  config: sourceFlags.config,
  instance: sourceFlags.instance,
  folder: Flags.string({helpValue: '<folder>', description: 'the quarantine; default: $QUARANTINEDIR'}),
}

const duration = Flags.custom<number>({
  helpValue: '<time>',
  parse: async text => {
    const ms = durationMs(text)
    if (ms === undefined) throw new Errors.CLIError(`expected a time such as 12h, 30d or 2w, found "${text}"`)
    return ms
  },
})

export const sizeFlag = Flags.custom<number>({
  helpValue: '<size>',
  parse: async text => {
    const size = octets(text)
    if (size === undefined)
      throw new Errors.CLIError(`expected a size such as 500k, 10M or 2G, found "${text}"`)
    return size
  },
})

export const olderFlag = duration({description: 'written longer ago than this'})

export const selectionFlags = {
  older: olderFlag,
  newer: duration({description: 'written since then'}),
  larger: sizeFlag({description: 'files larger than this'}),
  category: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    options: [...CATEGORIES],
    description: 'why it is there, repeatable',
  }),
  sender: Flags.string({helpValue: '<address>', description: 'address, @domain, or either with *'}),
  recipient: Flags.string({helpValue: '<address>', description: 'address, @domain, or either with *'}),
  id: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<mail_id>',
    description: 'mail_id, repeatable',
  }),
}

interface SelectionFlags {
  readonly older?: number | undefined
  readonly newer?: number | undefined
  readonly larger?: number | undefined
  readonly category?: readonly string[] | undefined
  readonly sender?: string | undefined
  readonly recipient?: string | undefined
  readonly id?: readonly string[] | undefined
}

export function selectionOf(flags: SelectionFlags, now = Date.now()): Selection {
  return {
    before: flags.older === undefined ? undefined : now - flags.older,
    since: flags.newer === undefined ? undefined : now - flags.newer,
    largerThan: flags.larger,
    categories: flags.category as readonly QuarantineCategory[] | undefined,
    sender: flags.sender,
    recipient: flags.recipient,
    mailIds: flags.id,
  }
}

/** Whether any of them was given. */
export function isSelective(flags: SelectionFlags): boolean {
  const {older, newer, larger, category, sender, recipient, id} = flags
  return [older, newer, larger, category, sender, recipient, id].some(value => value !== undefined)
}

interface WhichFlags {
  readonly config?: readonly string[] | undefined
  readonly instance?: string | undefined
  readonly folder?: string | undefined
}

export interface WhichQuarantine {
  /** a real path */
  readonly root: string
  /** undefined: only the folder was named */
  readonly settings: Settings | undefined
}

/** @throws AmavisError AM_CONFIG or AM_STORAGE when there is no such folder */
export function whichQuarantine(flags: WhichFlags): WhichQuarantine {
  const needed = flags.folder === undefined || flags.config !== undefined
  const settings = needed ? usableConfiguration(requestOf(flags)).settings : undefined
  const folder = flags.folder ?? settings?.string('$QUARANTINEDIR')
  if (!folder) throw new AmavisError('AM_CONFIG', '$QUARANTINEDIR is not set: there is no local quarantine')
  try {
    return {root: realpathSync(folder), settings}
  } catch (error) {
    throw new AmavisError('AM_STORAGE', `cannot read ${folder}: ${errorText(error)}`, {cause: error})
  }
}
