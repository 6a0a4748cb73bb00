/**
 * file-check — whether a file may be read as configuration.
 *
 * Whoever can write the configuration commands the daemon; so it must belong to root, and the user that
 * the daemon runs as must not be able to write it. Source: spec/config, Which files.
 */
import {statSync} from 'node:fs'

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
