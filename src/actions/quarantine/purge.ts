/**
 * purge — removes mail from the quarantine folder, file by file as the folder is read: however many there are, nothing
 * has to wait for it and nothing is gathered.
 */
import {unlinkSync} from 'node:fs'
import path from 'node:path'
import {setImmediate as others} from 'node:timers/promises'
import {errorText} from '../../errors.ts'
import {abandonedFiles, type QuarantineFile} from './inventory.ts'
import {isErrno} from './new-file.ts'
import type {Selection} from './select.ts'
import {survey} from './survey.ts'

export interface PurgeOptions {
  readonly selection: Selection
  /** octets that all files together may keep; the oldest go until the rest fits. undefined: any */
  readonly keep?: number | undefined
  readonly dryRun: boolean
  /** ms since the epoch */
  readonly now: number
  /** of each file that could not be removed */
  readonly failed: (name: string, reason: string) => void
}

export interface Purged {
  readonly files: number
  readonly octets: number
  readonly failures: number
  /** what remains */
  readonly kept: {readonly files: number; readonly octets: number}
}

const ABANDONED_MS = 86_400_000
/** How finely `keep` tells old from new. */
const STEP_MS = 60_000

/** @param root a real path */
export async function purge(root: string, options: PurgeOptions): Promise<Purged> {
  const {selection, dryRun, now, failed, keep} = options
  const sums = {files: 0, octets: 0, failures: 0, kept: {files: 0, octets: 0}}
  const before = keep === undefined ? undefined : await oldestToKeep(root, selection, keep)
  const remove = ({name, size}: QuarantineFile) => {
    try {
      if (!dryRun) unlinkSync(path.join(root, name))
      sums.files++
      sums.octets += size
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return
      sums.failures++
      failed(name, errorText(error))
    }
  }
  const narrowed =
    before === undefined
      ? selection
      : {...selection, before: Math.min(before, selection.before ?? Number.POSITIVE_INFINITY)}
  for await (const surveyed of survey(root, narrowed)) {
    for (const {file, isMeant} of surveyed) {
      if (isMeant) remove(file)
      else {
        sums.kept.files++
        sums.kept.octets += file.size
      }
    }
    await others()
  }
  for (const files of abandonedFiles(root, now - ABANDONED_MS)) files.forEach(remove)
  return sums
}

/** The time from which on files fit into `keep` octets; counted by minutes, so that it takes little memory. */
async function oldestToKeep(root: string, selection: Selection, keep: number): Promise<number> {
  const byStep = new Map<number, number>()
  let total = 0
  for await (const surveyed of survey(root, {...selection, before: undefined})) {
    for (const {file, isMeant} of surveyed) {
      if (!isMeant) continue
      const step = Math.floor(file.at / STEP_MS)
      byStep.set(step, (byStep.get(step) ?? 0) + file.size)
      total += file.size
    }
  }
  for (const step of [...byStep.keys()].sort((a, b) => a - b)) {
    if (total <= keep) return step * STEP_MS
    total -= byStep.get(step) ?? 0
  }
  return byStep.size === 0 ? 0 : Number.POSITIVE_INFINITY
}
