/**
 * results — macros of what was found and what was done (spec/config §8.8, Results).
 */
import type {Asked} from '../../checks/virus/scan.ts'
import {type Category, MAJOR} from '../../config/category.ts'
import {hitsText, scoreText} from '../../log/main-entry.ts'
import type {MacroCode} from '../../log/template/expand.ts'
import {internalAddress, splitAddress} from '../../message/address.ts'
import {queuedAs} from '../log-facts.ts'
import {displayName, isPassed, leadingCategory, logWord, mainCategory, scoreRange} from '../summary.ts'
import type {RecipientOutcome} from '../verdict.ts'
import {unique} from './envelope.ts'
import type {MacroMail, MailMacroTable} from './macro-mail.ts'
import {reportMacro} from './report.ts'

const range = ({outcomes}: MacroMail) => scoreRange(outcomes.map(({verdict}) => verdict))
const anyIn = (outcomes: readonly RecipientOutcome[], major: number, minor?: number) =>
  outcomes.some(({categories}) =>
    categories.some(
      category => category.major === major && (minor === undefined || category.minor === minor),
    ),
  )
const yes = (flag: boolean) => (flag ? 'Y' : '0')

export const RESULT_MACROS: MailMacroTable = {
  ccat: ({outcomes}) => categoryMacro(outcomes),
  /** queue ids of the next hops, or their answers where these have none */
  queued_as: ({outcomes}) => queuedAs(outcomes).join('/'),
  /** what those who get the mail, or those who do not, have it called */
  category_word:
    ({outcomes, facts}) =>
    (_, group = '') => {
      const members = outcomes.filter(outcome => isPassed(outcome) === (group !== 'Blocked'))
      return logWord(leadingCategory(members.length > 0 ? members : outcomes), facts)
    },
  ccat_maj: ({outcomes}) => leadingCategory(outcomes).major,
  ccat_min: ({outcomes}) => leadingCategory(outcomes).minor,
  ccat_name: ({outcomes}) => displayName(leadingCategory(outcomes)),
  actions_performed: ({actions}) => actions.join(','),
  q: ({quarantine, settings}) => {
    const folder = `${settings.string('$QUARANTINEDIR') ?? ''}/`
    return quarantine.map(place => (place.startsWith(folder) ? place.slice(folder.length) : place))
  },
  v: ({facts}) => facts.scannerOutputs.flatMap(lines),
  V: ({facts}) => facts.virusNames,
  W: mail => (_, detail) =>
    detail === undefined ? mail.facts.scanners : mail.facts.asked.map(askedText).join('; '),
  F: ({facts}) => facts.bannedReasons[0],
  banning_rule_key: ({facts}) => unique(facts.bannedRules),
  banning_rule_comment: ({facts}) => unique(facts.bannedRules),
  banning_rule_rhs: ({facts}) => unique(facts.bannedValues),
  banned_parts: ({facts}) => atMostTwo(facts.bannedParts.map(shortPath)),
  banned_parts_as_attr: ({facts}) => atMostTwo(facts.bannedParts),
  X: ({complaints}) => complaints,
  A: ({facts}) => lines(facts.spamReport),
  SUMMARY: ({facts}) => facts.spamReport,
  REPORT: ({facts}) => testLines(facts.spamSummary),
  c: mail => hitsText(range(mail)),
  SCORE: mail => padded(hitsText(range(mail))),
  STARS: mail => stars(range(mail)?.min, mail.settings.string('$sa_spam_level_char') ?? '*'),
  TESTS: mail => tests(mail, mail.outcomes, false),
  TESTSSCORES: mail => tests(mail, mail.outcomes, true),
  T: mail => tests(mail, mail.outcomes, true)('T'),
  REQD: ({outcomes}) => {
    const levels = outcomes.flatMap(({verdict}) => verdict.levels.tag2 ?? [])
    return levels.length === 0 ? '-' : scoreText(Math.min(...levels))
  },
  1: ({outcomes}) => yes(anyIn(outcomes, MAJOR.Clean, 1)),
  2: ({outcomes}) => yes(anyIn(outcomes, MAJOR.Spammy)),
  k: ({outcomes}) => yes(anyIn(outcomes, MAJOR.Spam)),
  YESNO: ({outcomes}) => yesNo(anyIn(outcomes, MAJOR.Spammy), 'Yes', 'No'),
  YESNOCAPS: ({outcomes}) => yesNo(anyIn(outcomes, MAJOR.Spammy), 'YES', 'NO'),
  score_boost: () => 0,
  AUTOLEARN: ({facts}) => facts.autolearn,
  ADDEDHEADERHAM: ({facts}) => facts.scannerFields.map(([name, body]) => `${name}: ${body}`).join('\n'),
  ADDEDHEADERSPAM: ({facts}) => facts.scannerFields.map(([name, body]) => `${name}: ${body}`).join('\n'),
  SUBJPREFIX: () => '',
  supplementary_info:
    ({facts}) =>
    (_, key = '', format = '%s') => {
      const value = key === 'AUTOLEARN' ? facts.autolearn : (facts.supplementary.get(key) ?? '')
      return value === '' ? '' : format.replace(/%?%s/, () => value)
    },
  report_json: mail => reportMacro(mail),
  // Of mails that are released or reported, and of attachments.
  report_format: () => '',
  feedback_type: () => '',
  attachment_password: () => '',
  dkim: mail => dkimMacro(mail),
}

/** `clamd:[Eicar-Test, Other]`, and `clamd:-` of a scanner that found nothing. */
function askedText({scanner, names}: Asked): string {
  return `${scanner}:${names.length === 0 ? '-' : `[${names.join(', ')}]`}`
}

/** `*  1.3 RULE What it means` for each rule that hit, of lines with score, name and words. */
function testLines(summary: string): string {
  return summary.replace(
    /^ *(-?[\d.]+) +(\S+) +(.*)$/gm,
    (_, score: string, name: string, words: string) => `* ${score.padStart(4)} ${name} ${words}`,
  )
}

/** Name, or a part of a category: of the blocking one where there is one, or as asked. */
export function categoryMacro(outcomes: readonly RecipientOutcome[]): MacroCode {
  return (_, what = '', which = '') => {
    const main = mainCategory(outcomes)
    const leading = leadingCategory(outcomes)
    const blocks = outcomes.some(({blocking}) => blocking)
    if (which.trim() === 'blocking' && !blocks) return ''
    const category: Category = which.trim() === 'main' ? main : leading
    switch (what.trim()) {
      case '':
        return `(${category.major},${category.minor})`
      case 'name':
        return displayName(category)
      case 'major':
        return category.major
      case 'minor':
        return category.minor
      case 'is_blocking':
        return blocks ? '1' : ''
      case 'is_nonblocking':
        return blocks ? '' : '1'
      case 'is_blocked_by_nonmain':
        return blocks && leading.major !== main.major ? '1' : ''
      default:
        return ''
    }
  }
}

/** Names of tests, with their scores where wanted; a list, or one text with the separator that is given. */
export function tests(
  {settings}: MacroMail,
  outcomes: readonly RecipientOutcome[],
  withScores: boolean,
): (name: string, separator?: string) => string | readonly string[] {
  return (_, separator) => {
    const found = new Map(
      outcomes.flatMap(({verdict}) => verdict.tests.map(test => [test.name, test.score] as const)),
    )
    const all = [...found]
      .map(([name, score]) => (withScores && score !== undefined ? `${name}=${scoreText(score)}` : name))
      .sort()
    const limit = settings.number('$macro_tests_sanity_limit') ?? all.length
    const shown = all.length > limit ? [...all.slice(0, limit), '...'] : all
    return separator === undefined ? shown : shown.join(separator)
  }
}

/** A score with as many places before the point as the padding of `_SCORE(000)_` has. */
export function padded(score: string): MacroCode {
  return (_, padding = '') =>
    score
      .split('..')
      .map(part => part.replace(/\d+/, places => places.padStart(padding.length, padding[0] ?? ' ')))
      .join('..')
}

/** A bar of so many characters as there are points. */
export function stars(score: number | undefined, character: string): MacroCode {
  return (_, own = '') => (own || character).repeat(Math.min(50, Math.max(0, Math.trunc(score ?? 0))))
}

function yesNo(is: boolean, positive: string, negative: string): MacroCode {
  return (_, first, second) => (is ? (first ?? positive) : (second ?? negative))
}

function lines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n+$/, '').split('\n')
}

/** `multipart/mixed | application/octet-stream,.exe,setup.exe` of `P=p001,L=1,M=multipart/mixed | P=…`. */
function shortPath(path: string): string {
  return path
    .split(' | ')
    .map(part =>
      part
        .split(/,(?=[A-Z]=)/)
        .flatMap(item => {
          const value = item.slice(2)
          return /^[MN]=/.test(item) ? [value] : item.startsWith('T=') ? [`.${value}`] : []
        })
        .join(','),
    )
    .join(' | ')
}

function atMostTwo(parts: readonly string[]): readonly string[] {
  return parts.length > 2 ? [...parts.slice(0, 2), '...'] : parts
}

function dkimMacro({dkimValid, dkimAdded, origin, envelope}: MacroMail): MacroCode {
  const domains = dkimValid.map(pair => pair.slice(pair.indexOf(':') + 1).toLowerCase())
  const covers = (address: string | undefined) =>
    address !== undefined && domains.includes(splitAddress(internalAddress(address)).domain.toLowerCase())
  return (_, what = '') => {
    const asked = what.trim().toLowerCase()
    switch (asked) {
      case '':
      case 'any':
        return dkimValid.length === 0 ? '' : dkimValid.length
      case 'author':
        return origin.from.some(covers) ? '1' : ''
      case 'sender':
        return covers(origin.sender) ? '1' : ''
      case 'envsender':
        return covers(envelope.sender) ? '1' : ''
      case 'thirdparty':
        return dkimValid.length > 0 && !origin.from.some(covers) ? '1' : ''
      case 'identity':
        return domains.map(domain => `@${domain}`).join(',')
      case 'selector':
        return dkimValid.map(pair => pair.slice(0, pair.indexOf(':'))).join(',')
      case 'domain':
        return domains.join(',')
      case 'sig_sd':
        return dkimValid.join(',')
      case 'newsig_sd':
        return dkimAdded.join(',')
    }
    const domain = asked.slice(asked.lastIndexOf('@') + 1)
    const isCovered = domain.startsWith('.')
      ? domains.some(signed => signed === domain.slice(1) || signed.endsWith(domain))
      : domains.includes(domain)
    return isCovered ? '1' : '0'
  }
}
