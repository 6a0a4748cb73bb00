/**
 * evidence — the preserved work folders of a configuration, for the commands that look at them.
 */
import {lstatSync, readdirSync} from 'node:fs'
import path from 'node:path'
import {requestOf, sourceFlags} from '../../config/cli/flags.ts'
import {usableConfiguration} from '../../config/usable.ts'
import {AmavisError} from '../../errors.ts'
import {type Evidence, preservedEvidence, readStart} from '../sweep.ts'

export const evidenceFlags = {config: sourceFlags.config, instance: sourceFlags.instance}

const ALL = 1_000_000
const HEAD_OCTETS = 4096

/** @throws AmavisError AM_CONFIG */
export function configuredEvidence(flags: {
  readonly config?: readonly string[] | undefined
  readonly instance?: string | undefined
}): readonly Evidence[] {
  const {settings} = usableConfiguration(requestOf(flags))
  return preservedEvidence(settings.string('$TEMPBASE') ?? '', ALL)
}

/** Those that are named, by their folder with or without its path; all where none is. */
export function namedEvidence(all: readonly Evidence[], names: readonly string[]): readonly Evidence[] {
  if (names.length === 0) return all
  return names.map(name => {
    const found = all.find(({folder}) => path.basename(folder) === path.basename(name))
    if (!found) throw new AmavisError('AM_STORAGE', `there is no preserved folder ${name}`)
    return found
  })
}

export interface EvidenceFile {
  /** below the folder */
  readonly name: string
  readonly size: number
}

/** What is in a preserved folder; links are not followed. */
export function evidenceFiles({folder}: Evidence): readonly EvidenceFile[] {
  try {
    return readdirSync(folder, {recursive: true, encoding: 'utf8'})
      .map(name => ({name, found: lstatSync(path.join(folder, name), {throwIfNoEntry: false})}))
      .flatMap(({name, found}) => (found?.isFile() ? [{name, size: found.size}] : []))
  } catch {
    // it is gone, or not ours to read
    return []
  }
}

/** The first lines of the mail, as far as they are a header; '' for none. */
export function evidenceHeader({folder}: Evidence): string {
  const text = readStart(path.join(folder, 'email.txt'), HEAD_OCTETS)?.octets.toString('latin1') ?? ''
  return text.replaceAll('\r\n', '\n').split('\n\n')[0] ?? ''
}

export function evidenceJson(evidence: Evidence) {
  const {folder, reason, at} = evidence
  return {folder, reason, time: new Date(at).toISOString(), files: evidenceFiles(evidence)}
}
