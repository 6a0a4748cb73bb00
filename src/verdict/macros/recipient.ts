/**
 * recipient — macros as they are in the entry of one recipient: those that mean all recipients mean this one
 * (spec/config §8.8, Per-recipient log template).
 */
import {MAJOR} from '../../config/category.ts'
import {hitsText, scoreText} from '../../log/main-entry.ts'
import type {MacroValue} from '../../log/template/expand.ts'
import {isPassed, leadingCategory, shortWord} from '../summary.ts'
import type {RecipientOutcome} from '../verdict.ts'
import {replyText, shortReport} from './envelope.ts'
import type {MacroMail} from './macro-mail.ts'
import {categoryMacro, padded, stars, tests} from './results.ts'

/** @param number of the entry, from 1 */
export function recipientMacros(
  mail: MacroMail,
  outcome: RecipientOutcome,
  number: number,
): ReadonlyMap<string, MacroValue> {
  const {verdict, delivery} = outcome
  const {score, levels, reached, local, recipient} = verdict
  const alone = [outcome]
  const address = `<${recipient.address}>`
  const hits = hitsText(score === undefined ? undefined : {min: score, max: score})
  const level = (value: number | undefined) => scoreText(verdict.bypass.spam ? 0 : (value ?? 0))
  const yes = (flag: boolean) => (flag ? 'Y' : '0')
  const passed = isPassed(outcome)
  const notify = recipient.notify ?? ['FAILURE']
  return new Map<string, MacroValue>([
    ['.', number],
    ['R', recipient.address],
    ['N', passed ? [] : [shortReport(outcome)]],
    ['D', passed ? [address] : []],
    ['O', passed ? [] : [address]],
    ['c', hits],
    ['SCORE', padded(hits)],
    ['STARS', stars(score, mail.settings.string('$sa_spam_level_char') ?? '*')],
    ['T', tests(mail, alone, true)('T')],
    ['TESTS', tests(mail, alone, false)],
    ['TESTSSCORES', tests(mail, alone, true)],
    ['F', verdict.bannedReason],
    ['dsn_notify', mail.envelope.sender === '' ? 'NEVER' : notify.join(',')],
    ['ccat', categoryMacro(alone)],
    ['category_word', shortWord(leadingCategory(alone))],
    ['queued_as', delivery?.queuedAs],
    ['remote_mta', delivery?.remote?.place],
    ['smtp_response', replyText(outcome.response)],
    ['remote_mta_smtp_response', delivery?.remote?.text],
    ['REQD', levels.tag2 === undefined ? '-' : scoreText(levels.tag2)],
    ['tag_level', level(levels.tag)],
    ['tag2_level', level(levels.tag2)],
    ['kill_level', level(levels.kill)],
    ['0', local ? 'L' : '0'],
    ['1', yes(reached.tag)],
    ['2', yes(reached.tag2)],
    ['k', yes(reached.kill)],
    ['3', levels.tag === undefined ? 'x' : scoreText(levels.tag)],
    ['4', levels.tag2 === undefined ? 'x' : scoreText(levels.tag2)],
    ['5', levels.kill === undefined ? 'x' : scoreText(levels.kill)],
    ['YESNO', outcome.categories.some(({major}) => major === MAJOR.Spammy) ? 'Yes' : 'No'],
  ])
}
