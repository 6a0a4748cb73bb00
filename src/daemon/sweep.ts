/**
 * sweep — removes work folders whose child is gone without having removed them.
 *
 * A folder with a reason beside it was preserved for a person to look at and is never touched
 * (session/spool.ts).
 */
import {closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readSync, rmSync} from 'node:fs'
import path from 'node:path'
import {liveProcesses, type ProcessTable} from '../process/process-table.ts'
import {REASON_SUFFIX} from '../session/spool.ts'

/** A folder that was preserved, as `amavis status` shows it. */
export interface Evidence {
  readonly folder: string
  readonly reason: string
  /** Unix time in ms */
  readonly at: number
}

const MOST_EVIDENCE = 100
const LONGEST_REASON = 500
/** A character takes up to four octets. */
const REASON_OCTETS = 4 * LONGEST_REASON

/** The preserved folders, newest first; at most a hundred unless told. */
export function preservedEvidence(base: string, most = MOST_EVIDENCE): readonly Evidence[] {
  try {
    const files = readdirSync(base).filter(
      name => name.endsWith(REASON_SUFFIX) && folderOwner(name.slice(0, -REASON_SUFFIX.length)) !== undefined,
    )
    return (
      files
        // a name begins with the time at which its folder was made
        .toSorted()
        .slice(-most)
        .flatMap(name => {
          const file = path.join(base, name)
          const start = readStart(file, REASON_OCTETS)
          if (!start) return []
          const reason = start.octets.toString('utf8').slice(0, LONGEST_REASON).trim()
          return [{folder: file.slice(0, -REASON_SUFFIX.length), reason, at: Math.round(start.mtimeMs)}]
        })
        .toSorted((a, b) => b.at - a.at)
    )
  } catch {
    // nothing there that is ours to read
    return []
  }
}

/**
 * The first octets of a file, which may have been put there by anybody; undefined where there is none to read. Links
 * are not followed, and a pipe keeps nobody waiting.
 */
export function readStart(
  file: string,
  most: number,
): {readonly octets: Buffer; readonly mtimeMs: number} | undefined {
  let fd: number | undefined
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = fstatSync(fd)
    if (!found.isFile()) return undefined
    const buffer = Buffer.alloc(most)
    return {octets: buffer.subarray(0, readSync(fd, buffer, 0, most, 0)), mtimeMs: found.mtimeMs}
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/**
 * Remove a preserved folder and the reason beside it.
 * @throws Error when it cannot be removed; nothing else is ever touched
 */
export function removeEvidence({folder}: Evidence): void {
  if (folderOwner(path.basename(folder)) === undefined) return
  rmSync(folder, {recursive: true, force: true})
  // Last of all: without it nobody would find the folder again.
  rmSync(folder + REASON_SUFFIX, {force: true})
}

/** The pid in a work folder's name; undefined for anything else that lies in $TEMPBASE. */
export function folderOwner(name: string): number | undefined {
  const match = /^amavis-\d{8}T\d{6}-(\d{5,10})-[\w-]+$/.exec(name)
  return match ? Number(match[1]) : undefined
}

/** Children, and the workers of a milter, before and after they have their titles. */
const OWN_PROCESS = /^amavis \(|^amavis-milter |(?:child|milter-worker)-main\./

/** Any other program has the number by chance. */
function isOurs(pid: number, processes: ProcessTable): boolean {
  if (!processes.exists(pid)) return false
  const line = processes.commandLine(pid)
  return line === undefined || OWN_PROCESS.test(line)
}

/** @returns the folders that were removed */
export function sweepOrphans(base: string, processes: ProcessTable = liveProcesses): readonly string[] {
  const removed: string[] = []
  try {
    for (const entry of readdirSync(base, {withFileTypes: true})) {
      const owner = entry.isDirectory() ? folderOwner(entry.name) : undefined
      if (owner === undefined || isOurs(owner, processes)) continue
      const folder = path.join(base, entry.name)
      if (existsSync(folder + REASON_SUFFIX)) continue
      rmSync(folder, {recursive: true, force: true})
      removed.push(folder)
    }
  } catch {
    // no such folder, or not ours: children say so when they need it
  }
  return removed
}
