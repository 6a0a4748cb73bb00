/**
 * recipe — the files that a page of `docs/` prints, for tests that use them as they stand there.
 *
 * A file is a block of indented lines whose first one is a comment with its path: `    # /etc/postfix/main.cf`.
 */
import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

/** Texts by path, in the order of the page; a path that comes twice has both texts. */
export type Files = ReadonlyMap<string, string>

/**
 * The files below a heading, up to the next one of whatever level.
 * @param page path from the root of the project
 * @throws when there is no such heading, or it prints no file
 */
export function readRecipe(page: string, heading: string): Files {
  const text = readFileSync(fileURLToPath(new URL(`../../../${page}`, import.meta.url)), 'utf8')
  const section = text.split(/^#+ /m).find(part => part.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`${page} has no heading "${heading}"`)
  const files = new Map<string, string>()
  let path: string | undefined
  let margin = ''
  for (const line of section.split('\n')) {
    const [, indent, name] = /^( {4,})# (\/\S+)$/.exec(line) ?? []
    if (name !== undefined) {
      path = name
      margin = indent ?? ''
    } else if (line !== '' && !line.startsWith(margin)) path = undefined
    if (path !== undefined) files.set(path, `${files.get(path) ?? ''}${line.slice(margin.length)}\n`)
  }
  if (files.size === 0) throw new Error(`${page}: nothing is printed below "${heading}"`)
  return files
}

/** Several recipes, one after the other. */
export function together(recipes: readonly Files[]): Files {
  const all = new Map<string, string>()
  for (const recipe of recipes)
    for (const [path, text] of recipe) all.set(path, `${all.get(path) ?? ''}${text}`)
  return all
}
