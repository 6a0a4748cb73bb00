/**
 * language/recover — where reading goes on behind a mistake, so that one run shows all of them.
 *
 * Perl gives up at the first; a compiler for people does not. The next statement is guessed from the way
 * that configurations are laid out: it begins on a line of its own, or behind a `;` that ends a line.
 */
import {problemsOf} from '../problem.ts'
import type {Source} from './source.ts'

/** How statements of configurations begin. */
const BEGIN =
  /(?:[$@%][A-Za-z_][\w:]*\s*(?:[=[{]|->|[-+.*|&/]{1,2}=)|(?:my|our|local|use|no|if|unless|for|foreach|push|unshift|chomp|undef|include_\w+|read_\w+|dkim_key)\b|1\s*;|__(?:END|DATA)__|=[a-z])/y
const LINE_END = /;[ \t]*(?:#[^\n]*)?(?:\n|$)/g

/** The offset of what looks like the next statement after the one that began at `start` and failed. */
export function nextStatement(source: Source, start: number, error: unknown): number {
  const {text} = source
  if (text.startsWith('package', start)) return nextPackage(text, start)
  const at = problemsOf(error)?.[0]?.at
  const failed = Math.max(start, (at && source.offsetOf(at)) ?? source.at)
  if (failed > start && beginsLine(text, failed) && begins(text, failed)) return failed
  LINE_END.lastIndex = failed
  const semicolon = LINE_END.exec(text)?.index ?? text.length
  for (let line = text.indexOf('\n', failed) + 1; line > 0; line = text.indexOf('\n', line) + 1) {
    if (line > semicolon) break
    if (begins(text, line)) return line
  }
  return Math.min(semicolon + 1, text.length)
}

/** All that follows is of another package, up to the next one. */
function nextPackage(text: string, start: number): number {
  const next = /^[ \t]*package[ \t]+Amavis::Conf[ \t]*;/gm
  next.lastIndex = start + 1
  return next.exec(text) ? next.lastIndex : text.length
}

function begins(text: string, at: number): boolean {
  BEGIN.lastIndex = at
  return BEGIN.test(text)
}

function beginsLine(text: string, at: number): boolean {
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, at).trim() === ''
}
