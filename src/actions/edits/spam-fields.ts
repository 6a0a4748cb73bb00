/**
 * spam-fields — X-Spam-Flag, -Score, -Level and -Status, for passed mail and for quarantined copies.
 *
 * Source: spec/daemon §6.2 (passed), §7 (quarantined, where the status names other levels).
 */
import type {ScoredTest} from '../../checks/finding.ts'
import {scoreText} from '../../log/main-entry.ts'
import type {SpamLevels} from '../../verdict/verdict.ts'
import {foldItems} from './fold.ts'

/** X-Spam-Score of a blacklisted sender is at least, and X-Spam-Level at most, this. */
const SCORE_LIMIT = 64

export interface SpamMarks {
  /** lowest and highest over the recipients meant; undefined: not scanned */
  readonly score: {readonly min: number; readonly max: number} | undefined
  readonly levels: SpamLevels
  readonly isSpam: boolean
  readonly blacklisted: boolean
  readonly whitelisted: boolean
  /** the score does not count for this recipient */
  readonly bypassed: boolean
  readonly tests: readonly ScoredTest[]
  readonly autolearn: string
}

export function spamFlag({isSpam}: SpamMarks): string {
  return foldItems('X-Spam-Flag', [isSpam ? 'YES' : 'NO'])
}

export function spamScore({score, blacklisted, whitelisted}: SpamMarks): string {
  let points = score?.max ?? 0
  if (blacklisted) points = Math.max(points, SCORE_LIMIT)
  if (whitelisted) points = Math.min(points, 0)
  return foldItems('X-Spam-Score', [scoreText(points)])
}

/** @param character `$sa_spam_level_char` */
export function spamLevel({score, blacklisted, whitelisted, bypassed}: SpamMarks, character: string): string {
  let length = Math.min(SCORE_LIMIT, Math.max(0, Math.trunc(score?.max ?? 0)))
  if (whitelisted || bypassed) length = 0
  else if (blacklisted) length = SCORE_LIMIT
  return foldItems('X-Spam-Level', length === 0 ? [] : [character.repeat(length)])
}

/** X-Spam-Status of mail that passes: `No, score=… tagged_above=… required=… tests=[…] autolearn=…`. */
export function spamStatus(marks: SpamMarks): string {
  const {tag, tag2} = marks.levels
  const items = [marks.isSpam ? 'Yes,' : 'No,', `score=${scoreRange(marks)}`]
  if (tag !== undefined) items.push(`tagged_above=${scoreText(tag)}`)
  if (tag2 !== undefined) items.push(`required=${scoreText(tag2)}`)
  return foldItems('X-Spam-Status', [...items, ...commonItems(marks)])
}

/** X-Spam-Status of a quarantined copy: `Yes, score=… tag=… tag2=… kill=… tests=[…] autolearn=…`. */
export function quarantinedSpamStatus(marks: SpamMarks): string {
  const {tag, tag2, kill} = marks.levels
  const level = (points: number | undefined) => (points === undefined ? 'x' : scoreText(points))
  return foldItems('X-Spam-Status', [
    marks.isSpam ? 'Yes,' : 'No,',
    `score=${scoreRange(marks)}`,
    `tag=${level(tag)}`,
    `tag2=${level(tag2)}`,
    `kill=${level(kill)}`,
    ...commonItems(marks),
  ])
}

function scoreRange({score}: SpamMarks): string {
  if (!score) return 'x'
  const {min, max} = score
  return max - min < 0.1 ? scoreText(max) : `${scoreText(min)}..${scoreText(max)}`
}

/** `NAME=1.5`, or the name alone. */
export function testText({name, score}: ScoredTest): string {
  return score === undefined ? name : `${name}=${scoreText(score)}`
}

/** Names are a scanner's or a hook's; encoded words have no place among them. */
function commonItems({blacklisted, whitelisted, tests, autolearn}: SpamMarks): string[] {
  const items: string[] = []
  if (blacklisted) items.push('BLACKLISTED')
  if (whitelisted) items.push('WHITELISTED')
  const names = tests.map(testText).sort()
  // A field is folded after the commas between tests, so each test is an item of its own.
  items.push(...`tests=[${names.join(', ')}]`.split(' '))
  items.push(...`autolearn=${autolearn === '' ? 'unavailable' : autolearn}`.split(' '))
  return items.map(item => item.replace(/[^\x21-\x7e]/g, '?'))
}
