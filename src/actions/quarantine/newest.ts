/**
 * newest — the newest mails of a quarantine that are meant, so many at most; what it holds in memory is bounded.
 */
import {type QuarantineItem, quarantineFiles, readItem} from './inventory.ts'
import {isMeant, mayBeMeant, type Selection} from './select.ts'

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
  let items: QuarantineItem[] = []
  const unreadable: {name: string; reason: string}[] = []
  let files = 0
  let octets = 0
  const cut = () => {
    items = items.sort((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1)).slice(0, limit)
  }
  for await (const file of quarantineFiles(root)) {
    if (!mayBeMeant(file, selection)) continue
    const read = await readItem(root, file)
    if (read.kind === 'unreadable' && unreadable.length < MOST_UNREADABLE) {
      unreadable.push({name: file.name, reason: read.reason})
    }
    if (read.kind !== 'item' || !isMeant(read.item, selection)) continue
    files++
    octets += file.size
    items.push(read.item)
    if (items.length >= 2 * limit + 100) cut()
  }
  cut()
  return {items, files, octets, unreadable}
}
