/**
 * tui/explain/debug-page — what each scanner was asked of a mail and answered, and how SpamAssassin differs between
 * the daemon and somebody who runs it by hand.
 */
import type {ScoredTest} from '../../checks/finding.ts'
import type {ByHand, SpamAssassinView} from '../../checks/spam/spamassassin/by-hand.ts'
import {NETWORKS} from '../../checks/spam/spamassassin/own-words.ts'
import {scoreText} from '../../log/main-entry.ts'
import type {ScannerRun} from '../../pipeline/rehearsal/ports.ts'
import type {Theme} from '../theme.ts'
import {scannerText} from './page.ts'
import {visibleText} from './parts.ts'

export interface SpamAssassinSides {
  readonly daemon: SpamAssassinView & {
    readonly score: number | undefined
    readonly tests: readonly ScoredTest[]
  }
  readonly byHand: ByHand
  /** who runs it by hand */
  readonly user: string
  /** `$originating` in the banks of the mail */
  readonly originating: boolean
  /** as they are written */
  readonly mynetworks: readonly string[]
  readonly isMine: (address: string) => boolean
}

export function scannersText(runs: readonly ScannerRun[], theme: Theme): string {
  if (runs.length === 0) return 'No scanner was asked.'
  return runs
    .map(run => {
      const lines = run.lines.flatMap(({level, text}) =>
        text.split('\n').map((line, index) => `  ${index === 0 ? level : ' '} ${visibleText(line)}`),
      )
      return [theme.title(visibleText(scannerText(run))), `  ${visibleText(run.description)}`, ...lines].join(
        '\n',
      )
    })
    .join('\n\n')
}

interface Row {
  readonly what: string
  readonly daemon: string
  readonly byHand: string
}

/** Rows that differ are marked with `≠`. */
export function sidesText(sides: SpamAssassinSides, theme: Theme): string {
  const {daemon, byHand, user, originating, mynetworks, isMine} = sides
  const title = theme.title(`SpamAssassin in the daemon, and by hand as ${user}: spamassassin -D -t`)
  if (byHand.kind === 'failed') return `${title}\n  by hand: ${visibleText(byHand.reason)}`
  const rows: Row[] = [
    row('rules', daemon.rules, byHand.view.rules),
    row('site', daemon.site, byHand.view.site),
    row('preferences', daemon.preferences, byHand.view.preferences),
    row('Bayes', daemon.bayes, byHand.view.bayes),
    ...NETWORKS.map(name =>
      row(
        name,
        daemon.networks[name].join(' ') || 'not set',
        byHand.view.networks[name].join(' ') || 'not set',
      ),
    ),
    row('points', daemon.score === undefined ? 'none' : scoreText(daemon.score), scoreText(byHand.score)),
  ]
  const lines = rows.flatMap(({what, daemon: ours, byHand: theirs}) => {
    const differs = ours !== theirs
    const label = `${differs ? '≠' : ' '} ${what.padEnd(18)}`
    if (!differs) return [`${label} ${visibleText(ours)}`]
    return [`${label} ${visibleText(ours)}`, `  ${''.padEnd(18)} by hand: ${visibleText(theirs)}`]
  })
  const relays = daemon.relays.map(({address, trusted, internal, msa}) => {
    const mine = isMine(address)
    const words =
      [trusted && 'trusted', internal && 'internal', msa && 'msa'].filter(Boolean).join(', ') || 'not trusted'
    return `${mine === trusted ? ' ' : '≠'} ${`relay ${address}`.padEnd(18)} ${words}; ${mine ? '' : 'not '}in @mynetworks`
  })
  return [
    title,
    ...lines,
    ...testRows(daemon.tests, byHand.tests),
    ...relays,
    `  ${'@mynetworks'.padEnd(18)} ${mynetworks.join(' ') || 'empty'}`,
    `  ${'originating'.padEnd(18)} ${originating ? 'yes: SpamAssassin is told that one of ours has sent it; by hand it is not' : 'no'}`,
  ].join('\n')
}

function row(what: string, daemon: string | undefined, byHand: string | undefined): Row {
  return {what, daemon: daemon ?? 'not said', byHand: byHand ?? 'not said'}
}

function testRows(daemon: readonly ScoredTest[], byHand: readonly ScoredTest[]): readonly string[] {
  const only = (these: readonly ScoredTest[], those: readonly ScoredTest[]) =>
    these.filter(({name, score}) => !those.some(other => other.name === name && other.score === score))
  return (
    [
      ['only in the daemon', only(daemon, byHand)],
      ['only by hand', only(byHand, daemon)],
    ] as const
  ).flatMap(([what, tests]) =>
    tests.length === 0
      ? []
      : [`≠ ${what.padEnd(18)} ${tests.map(({name, score}) => `${visibleText(name)}=${score}`).join(' ')}`],
  )
}
