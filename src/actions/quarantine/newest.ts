/**
 * newest — the newest mails of a quarantine that are meant, so many at most; what it holds in memory is bounded.
 */
import type {QuarantineFile} from './inventory.ts'
import {type QuarantineItem, readItem} from './item.ts'
import type {Selection} from './select.ts'
import {survey} from './survey.ts'

export interface Listing {
  /** newest first */
  readonly items: readonly QuarantineItem[]
  /** all that are meant */
  readonly files: number
  readonly octets: number
  /** names of files that could not be read, and why; the first ones */
  readonly unreadable: readonly {readonly name: string; readonly reason: string}[]
}

const MOST_UNREADABLE = 100

/** @param root a real path */
export async function newest(root: string, selection: Selection, limit: number): Promise<Listing> {
  let found: QuarantineFile[] = []
  const unreadable: {name: string; reason: string}[] = []
  const unreadableFile = (name: string, reason: string) => {
    if (unreadable.length < MOST_UNREADABLE) unreadable.push({name, reason})
  }
  let files = 0
  let octets = 0
  const cut = () => {
    found = found.sort((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1)).slice(0, limit)
  }
  for await (const surveyed of survey(root, selection)) {
    for (const {file, isMeant, unreadable} of surveyed) {
      if (unreadable !== undefined) unreadableFile(file.name, unreadable)
      if (!isMeant) continue
      files++
      octets += file.size
      found.push(file)
    }
    if (found.length >= 2 * limit + 100) cut()
  }
  cut()
  const items: QuarantineItem[] = []
  for (const file of found) {
    const read = readItem(root, file)
    if (read.kind === 'item') items.push(read.item)
    else if (read.kind === 'unreadable') unreadableFile(file.name, read.reason)
  }
  return {items, files, octets, unreadable}
}
