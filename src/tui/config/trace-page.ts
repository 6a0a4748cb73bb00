/**
 * tui/config/trace-page — `config explain MAP KEY`: the way of a look-up, and the line that answered.
 *
 *   @spam_lovers_maps for user+x@dom.test
 *
 *   %spam_lovers  hash of 2 entries, amavisd.conf:4
 *     tried  user+x@dom.test
 *            user@dom.test
 *     found  user@dom.test => 1  amavisd.conf:7
 *
 *   answer: 1
 */
import {valueText} from '../../config/show/perl-text.ts'
import {placeText} from '../../config/show/shown.ts'
import type {Box} from '../../config/snapshot.ts'
import type {Trace} from '../../lookup/trace.ts'
import type {TracedAnswer, TracedTable} from '../../lookup/trace-table.ts'
import type {Theme} from '../theme.ts'
import {counted} from './lines.ts'

/** Entries of a long list that are shown: the first and the last ones. */
const SHOWN = 12

export function tracePage(trace: Trace, names: ReadonlyMap<Box, string>, theme: Theme): string {
  const bank = trace.bankPath === '' ? '' : ` with policy bank ${trace.bankPath}`
  const head = `${theme.title(trace.map)} for ${theme.title(trace.key)}${bank}`
  const tables = trace.tables.map(table => tableBlock(table, names, theme))
  const {answer} = trace
  const last = answer
    ? `${theme.status.ok('answer')}: ${valueText(answer.value, names)}${placeNote(answer, theme)}`
    : `${theme.status.warning('no answer')}: the program goes by its own default`
  return [head, ...(tables.length > 0 ? tables : ['  the list is empty']), last].join('\n\n')
}

function tableBlock(table: TracedTable, names: ReadonlyMap<Box, string>, theme: Theme): string {
  const {name, kind, size, at, tried, answer, problem} = table
  const what =
    kind === 'constant' || kind === 'undef'
      ? kind
      : `${kind}, ${counted(size, 'entry').replace('entrys', 'entries')}`
  const lines = [`${theme.key(name)}  ${theme.faint(at ? `${what}, ${placeText(at)}` : what)}`]
  const left = tried.length - SHOWN
  const shown = left > 1 ? [...tried.slice(0, SHOWN - 1), `… ${left} more`, ...tried.slice(-1)] : tried
  shown.forEach((key, i) => void lines.push(`  ${theme.faint(i === 0 ? 'tried' : '     ')}  ${key}`))
  if (answer) {
    const value = valueText(answer.value, names)
    const found = answer.key === '' ? value : `${answer.key} => ${value}`
    lines.push(`  ${theme.status.ok('found')}  ${found}${placeNote(answer, theme)}`)
  } else if (problem !== undefined)
    lines.push(`  ${theme.status.error('error')}  ${problem}; mail that meets it is deferred`)
  else if (kind !== 'undef') lines.push(`  ${theme.faint('no match')}`)
  return lines.join('\n')
}

function placeNote({at}: TracedAnswer, theme: Theme): string {
  return at ? `  ${theme.faint(placeText(at))}` : ''
}
