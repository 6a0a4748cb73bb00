/**
 * timing-text — what a TIMING or TIMING-SA entry of the log says. Pure.
 *
 * Source: spec/monitoring §7. The entry may be wrapped: `(28039-01) size: 238, TIMING [total 173 ms] - …`.
 */

export interface SectionTime {
  readonly name: string
  readonly ms: number
}

export interface TimingEntry {
  /** of a task of ours, or of what SpamAssassin reports of itself: its items nest */
  readonly kind: 'task' | 'sa'
  readonly taskId: string | undefined
  /** octets of the message, where the entry has them */
  readonly size: number | undefined
  readonly totalMs: number
  readonly sections: readonly SectionTime[]
}

const ENTRY =
  /^(?:\((\S{1,40})\) )?(?:size: (\d{1,15}), )?(?:TIMING(-SA)? )\[?total (\d{1,12}(?:\.\d{1,9})?) ms(?:[^\]]{0,200}\])? - (.*)$/s
const SECTION = /^(.{1,64}?): (\d{1,12}(?:\.\d{1,9})?) \(/s
/** Sections of one entry that are read. */
const MOST_SECTIONS = 200
/** An entry beyond this is no entry. */
export const LONGEST_ENTRY = 16_384

/** @returns undefined for any other entry of the log */
export function parseTiming(text: string): TimingEntry | undefined {
  if (text.length > LONGEST_ENTRY || !text.includes('TIMING')) return undefined
  const match = ENTRY.exec(text)
  if (!match) return undefined
  const [, taskId, size, sa, total, list = ''] = match
  const sections = list.split(', ', MOST_SECTIONS).flatMap((part): SectionTime[] => {
    const found = SECTION.exec(part)
    return found ? [{name: found[1]!, ms: Number(found[2])}] : []
  })
  return {
    kind: sa ? 'sa' : 'task',
    taskId,
    size: size === undefined ? undefined : Number(size),
    totalMs: Number(total),
    sections,
  }
}
