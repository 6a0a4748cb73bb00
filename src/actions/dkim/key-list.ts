/**
 * key-list — a list of keys of dkim-milter, said in the language of our configuration.
 *
 * Each line is `sender-pattern:signing-domain:key-file`; in a pattern `*` is any characters, the first line whose
 * pattern fits the sender decides, and the name of the key's file is the selector. Source: dkim-filter.conf(5),
 * "KeyList". Pure.
 */
import {basename} from 'node:path'
import {quoted} from '../../config/show/perl-text.ts'

export interface KeyListLine {
  /** from 1 */
  readonly line: number
  readonly pattern: string
  /** '' or `*`: the sender's own */
  readonly domain: string
  readonly file: string
}

export interface KeyList {
  readonly lines: readonly KeyListLine[]
  /** `N: what is wrong` */
  readonly problems: readonly string[]
}

export function parseKeyList(text: string): KeyList {
  const lines: KeyListLine[] = []
  const problems: string[] = []
  for (const [n, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/#.*/, '').trim()
    if (line === '') continue
    const [, pattern = '', domain = '', file = ''] = /^([^:]*):([^:]*):(.*)$/.exec(line) ?? []
    if (pattern.trim() === '' || file.trim() === '')
      problems.push(`${n + 1}: expected sender-pattern:signing-domain:key-file, found "${line}"`)
    else lines.push({line: n + 1, pattern: pattern.trim(), domain: domain.trim(), file: file.trim()})
  }
  return {lines, problems}
}

/**
 * Statements that sign as the list does.
 * @param existing the file that a key is really in: lists may leave its ending out
 */
export function keyListStatements(
  {lines, problems}: KeyList,
  existing: (file: string) => string,
): {readonly text: string; readonly problems: readonly string[]} {
  const keys = new Map<string, {readonly line: number; readonly file: string; readonly call: string}>()
  const found = [...problems]
  const items: string[] = []
  for (const {line, pattern, domain, file} of lines) {
    const selector = basename(file)
    const isOwn = domain === '' || domain === '*'
    const declared = isOwn ? ownDomain(pattern) : domain.toLowerCase()
    const call = `dkim_key(${[declared, selector, existing(file)].map(quoted).join(', ')});`
    const name = `${declared} ${selector}`
    const known = keys.get(name)
    if (known === undefined) keys.set(name, {line, file, call})
    else if (known.file !== file) {
      const what = `the selector "${selector}" of "${declared}"`
      found.push(`${line}: ${what} has the key ${file} here, and ${known.file} in line ${known.line}`)
    }
    const tags = [...(isOwn ? [] : [`d => ${quoted(declared)}`]), `s => ${quoted(selector)}`]
    items.push(`  [${regexpFor(pattern)} => {${tags.join(', ')}}],`)
  }
  const calls = [...keys.values()].map(({call}) => call)
  const text =
    items.length === 0
      ? ''
      : `${calls.join('\n')}\n\n@dkim_signature_options_bysender_maps = (new_RE(\n${items.join('\n')}\n));\n`
  return {text, problems: found}
}

/** The domains of the senders that a pattern fits, as `dkim_key` has them. */
function ownDomain(pattern: string): string {
  return pattern.slice(pattern.lastIndexOf('@') + 1).toLowerCase()
}

/** Look-ups ask for the whole address, so that a pattern must fit all of it. */
function regexpFor(pattern: string): string {
  const text = pattern
    .split('*')
    .map(part => part.replace(/[^\w]/g, character => (character === "'" ? '\\x27' : `\\${character}`)))
    .join('.*')
  return `qr'^${text}\\z'si`
}
