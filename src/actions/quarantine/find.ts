/**
 * find — a mail in quarantine by its name, or by its mail_id, whatever its file is called.
 */
import {openBelow} from '../release/locate.ts'
import {type QuarantineItem, quarantineFiles, readItem} from './inventory.ts'

/** @param root a real path; @returns undefined where there is none */
export async function findItem(root: string, nameOrId: string): Promise<QuarantineItem | undefined> {
  const file = await openBelow(root, nameOrId)
  if (typeof file !== 'string') {
    const {size, mtimeMs} = await file.stat()
    await file.close()
    const read = await readItem(root, {name: nameOrId, size, at: mtimeMs})
    if (read.kind === 'item') return read.item
  }
  for await (const found of quarantineFiles(root)) {
    // names have the mail_id in them, and reading them all would take long
    if (!found.name.includes(nameOrId)) continue
    const read = await readItem(root, found)
    if (read.kind === 'item' && read.item.stored.mailId === nameOrId) return read.item
  }
  return undefined
}
