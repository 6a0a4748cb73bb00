/**
 * alert — X-Amavis-Alert: one field for each of infected, banned, bad header (spec/daemon §6.2).
 */
import {type Category, MAJOR} from '../../config/category.ts'
import type {Facts} from '../../verdict/verdict.ts'
import {foldText} from './fold.ts'

/** @param categories of the recipient, or of all recipients */
export function alertFields(categories: readonly Category[], facts: Facts): string {
  const has = (major: number) => categories.some(category => category.major === major)
  let fields = ''
  if (has(MAJOR.Virus)) {
    fields += foldText('X-Amavis-Alert', `INFECTED, message contains virus: ${facts.virusNames.join(', ')}`)
  }
  if (has(MAJOR.Banned)) {
    fields += foldText(
      'X-Amavis-Alert',
      `BANNED, message contains ${facts.bannedReasons[0] ?? 'a banned part'}`,
    )
  }
  if (has(MAJOR.BadHdr)) {
    fields += foldText('X-Amavis-Alert', `BAD HEADER SECTION, ${facts.headerComplaint ?? 'malformed'}`)
  }
  return fields
}
