/**
 * footer — the line below the children: keys, or a question. Pure.
 */
import type {Child} from '../children/table.ts'
import {visibleBindings} from '../keys.ts'
import {REPLAY_BINDINGS} from '../replay/control.ts'
import type {Theme} from '../theme.ts'

/** What is to be done to a child when the viewer agrees. */
export interface Target {
  readonly order: 'kill' | 'retire'
  readonly child: Child
}

export function question(target: Target | undefined): string {
  if (target?.order === 'retire')
    return `Retire child ${target.child.pid}? It ends when its mail is done.   y yes   other keys no`
  return `Kill child ${target?.child.pid} (SIGTERM)? The MTA keeps its mail.   y yes   other keys no`
}

export function footerText(readOnly: boolean, isReplay: boolean, theme: Theme): string {
  const replay = isReplay ? REPLAY_BINDINGS : []
  return [...replay, ...visibleBindings(readOnly).filter(({action}) => !(isReplay && action === 'pause'))]
    .flatMap(({footer}) => (footer === undefined ? [] : [footer]))
    .map(text =>
      text.replace(/^(\S+(?: \S)?) (.+)$/, (_, key: string, word: string) => `${theme.key(key)} ${word}`),
    )
    .join('  ')
}
