/**
 * file-check — whether a file may be read as configuration, and its octets up to a limit.
 *
 * Whoever can write the configuration commands the daemon; so it must belong to root, and the user that
 * the daemon runs as must not be able to write it. Source: spec/config, Which files.
 */
import {closeSync, fstatSync, openSync, readSync, statSync} from 'node:fs'

export interface Ownership {
  /** the user that the daemon runs as */
  readonly effectiveUid: number
  /** its group */
  readonly effectiveGid?: number
}

/** What is wrong with a file, after `Config file "F" `; undefined when nothing is. */
export function checkConfigFile(path: string, ownership: Ownership | undefined): string | undefined {
  const info = statSync(path, {throwIfNoEntry: false})
  if (!info) return 'does not exist'
  if (info.isDirectory()) return 'is a directory'
  if (info.isSocket()) return 'is a socket'
  if (info.isBlockDevice() || info.isCharacterDevice()) return 'is a device'
  if (!ownership) return undefined
  const {effectiveUid, effectiveGid} = ownership
  if (effectiveUid !== 0 && info.uid === effectiveUid)
    return `is owned by the user of the daemon (uid ${effectiveUid})`
  if (info.uid !== 0) return `is owned by uid ${info.uid}, expected root (uid 0)`
  if (effectiveUid !== 0 && info.gid === effectiveGid && (info.mode & 0o020) !== 0)
    return `can be written by the group of the daemon (gid ${effectiveGid})`
  if (effectiveUid !== 0 && (info.mode & 0o002) !== 0) return 'can be written by everybody'
  return undefined
}

/** Longest file that a configuration may be, or name as a table. */
const LONGEST_FILE = 256 * 1024 * 1024
const CHUNK = 1024 * 1024

/**
 * The octets of a file or FIFO; a device, which may have no end, is not read.
 * @throws Error as node:fs does, and for a device or a file that is too long
 */
export function readBounded(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    const info = fstatSync(file)
    if (!info.isFile() && !info.isFIFO())
      throw new Error(info.isDirectory() ? 'is a directory' : 'is no file')
    const chunks: Buffer[] = []
    let length = 0
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(Math.max(4096, info.size - length + 1), LONGEST_FILE))
      const count = readSync(file, chunk)
      if (count === 0) return Buffer.concat(chunks)
      length += count
      if (length > LONGEST_FILE) throw new Error(`is longer than ${LONGEST_FILE / CHUNK} MiB`)
      chunks.push(chunk.subarray(0, count))
    }
  } finally {
    closeSync(file)
  }
}
