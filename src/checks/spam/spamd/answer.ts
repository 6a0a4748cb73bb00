/**
 * answer — what spamd says of a mail.
 *
 * The protocol has a total in one decimal; what else there is depends on the command. HEADERS gives the fields
 * that spamd's own configuration adds: tests and what was learned from X-Spam-Status, points of each test where
 * its template has `_TESTSSCORES_`, otherwise in one decimal where there is an X-Spam-Report. REPORT gives the
 * report's table, SYMBOLS the names of the tests.
 * Source: spamd/PROTOCOL of SpamAssassin 4.0. Pure.
 */
import type {ScoredTest, SpamReport} from '../../finding.ts'
import {isWhole, splitAnswer} from '../exchange.ts'
import {parseTests, spamFieldsOf} from '../tests-text.ts'

export const COMMANDS = ['HEADERS', 'REPORT', 'SYMBOLS'] as const
export type Command = (typeof COMMANDS)[number]

export type Answer =
  | {readonly kind: 'report'; readonly report: Omit<SpamReport, 'scanner'>}
  | {readonly kind: 'failed'; readonly reason: string}

/** @param octets all that came until the answer was whole or the connection was closed */
export function parseAnswer(octets: Buffer, command: Command): Answer {
  const answer = splitAnswer(octets)
  if (!answer) return failed(octets.length === 0 ? 'no answer' : 'an answer that is not of its protocol')
  const [, code, word] = /^SPAMD\/\d+\.\d+ (\d+) (.*)$/.exec(answer.status) ?? []
  if (code === undefined) return failed('an answer that is not of its protocol')
  if (code !== '0') return failed(`spamd says ${code} ${word?.slice(0, 200)}`)
  if (!isWhole(answer)) return failed('an answer that is cut off')
  const total = /^(?:True|False|Yes|No)\s*;\s*(-?\d+(?:\.\d+)?)\s*\/\s*-?\d/i.exec(
    answer.fields.get('spam') ?? '',
  )?.[1]
  if (total === undefined) return failed('an answer without a score')
  return {kind: 'report', report: reportOf(Number(total), answer.body.toString('utf8'), command)}
}

function failed(reason: string): Answer {
  return {kind: 'failed', reason}
}

function reportOf(score: number, body: string, command: Command): Omit<SpamReport, 'scanner'> {
  if (command === 'SYMBOLS') return {score, tests: parseTests(body), autolearn: ''}
  if (command === 'REPORT') {
    const report = body.replaceAll('\r\n', '\n').trim()
    return {score, tests: testsOfReport(report), autolearn: '', report, summary: tableOf(report)}
  }
  const fields = spamFieldsOf(body)
  const field = (name: string) => fields.find(([key]) => key.toLowerCase() === name)?.[1] ?? ''
  const status = field('x-spam-status')
  const report = field('x-spam-report')
  const points = new Map(testsOfReport(report).map(test => [test.name, test.score]))
  const tests = testsOfStatus(status).map(({name, score: own}) => ({name, score: own ?? points.get(name)}))
  return {
    score: exactTotal(score, testsOfStatus(status)),
    tests,
    autolearn: /\bautolearn=(\w+(?:\s+autolearn_force=\w+)?)/.exec(status)?.[1]?.replace(/\s+/g, ' ') ?? '',
    ...(report === '' ? {} : {report: report.replace(/^[ \t]*\*? ?/gm, '').trim()}),
    fields,
  }
}

/** `tests=A,B,\n\tC=1.5 autolearn=…`, also in brackets. */
function testsOfStatus(status: string): readonly ScoredTest[] {
  const text = status.replace(/,\s+/g, ',')
  return parseTests(/\btests=\[?([^\s\]]*)/.exec(text)?.[1] ?? '')
}

/** Lines such as `  1.2 MISSING_DATE   Missing Date: header`, also after `*`. */
function testsOfReport(report: string): readonly ScoredTest[] {
  return [...report.matchAll(/^[ \t]*\*?[ \t]*(-?\d+(?:\.\d+)?)[ \t]+([A-Z_][A-Z0-9_]*)(?=\s|$)/gm)].map(
    ([, points, name = '']) => ({name, score: Number(points)}),
  )
}

function tableOf(report: string): string {
  return report.slice(Math.max(0, report.search(/^[ \t]*pts rule name/m)))
}

/** The points of all tests in three decimals, where they are the same as the total in one. */
export function exactTotal(total: number, tests: readonly ScoredTest[]): number {
  if (tests.length === 0 || tests.some(({score}) => score === undefined)) return total
  const sum = Math.round(1000 * tests.reduce((points, {score}) => points + (score ?? 0), 0)) / 1000
  return Math.abs(sum - total) <= 0.051 ? sum : total
}
