/**
 * find — a mail in quarantine by its name, or by its mail_id, whatever its file is called.
 */
import {openBelow} from '../release/locate.ts'
import {quarantineFiles} from './inventory.ts'
import {type QuarantineItem, readItem} from './item.ts'

/** @param root a real path; @returns undefined where there is none */
export async function findItem(root: string, nameOrId: string): Promise<QuarantineItem | undefined> {
  const file = await openBelow(root, nameOrId)
  if (typeof file !== 'string') {
    const {size, mtimeMs} = await file.stat()
    await file.close()
    const read = readItem(root, {name: nameOrId, size, at: mtimeMs})
    if (read.kind === 'item') return read.item
  }
  // names have the mail_id in them, and reading them all would take long
  for (const files of quarantineFiles(root, name => name.includes(nameOrId))) {
    for (const found of files) {
      const read = readItem(root, found)
      if (read.kind === 'item' && read.item.stored.mailId === nameOrId) return read.item
    }
  }
  return undefined
}
