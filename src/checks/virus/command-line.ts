/**
 * command-line — the command lines that a scanner's arguments stand for. Pure.
 *
 * `{}` is the folder of the parts, a word `{}/*` the full path of each file, a word `*` the base name of each. More files
 * than go in 4000 octets are given in several runs. Words are split as a shell does, with quotes; nothing else that a
 * shell does is done. Source: spec/daemon, av_scanners entry.
 */
import path from 'node:path'
import type {ScanFiles} from './files.ts'

const MOST_OCTETS = 4000

/** Lists of arguments, one for each run; there is always one. */
export function commandLines(args: string, {folder, names}: ScanFiles): string[][] {
  const words = wordsOf(args)
  const fixed = words.filter(word => !isFiles(word)).map(({text}) => text.replaceAll('{}', folder))
  const room = MOST_OCTETS - fixed.reduce((sum, word) => sum + word.length + 1, 0)
  if (!words.some(isFiles)) return [fixed]
  return chunks(names, folder.length + 2, room).map(some =>
    words.flatMap(word => {
      if (!isFiles(word)) return [word.text.replaceAll('{}', folder)]
      return word.text === '*' ? some : some.map(name => path.join(folder, name))
    }),
  )
}

interface Word {
  readonly text: string
  readonly isQuoted: boolean
}

function isFiles({text, isQuoted}: Word): boolean {
  return !isQuoted && (text === '*' || text === '{}/*')
}

function wordsOf(args: string): Word[] {
  return [...args.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*"|['"])+/g)].map(([word]) => {
    const text = word.replace(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double)
    return {text, isQuoted: text !== word}
  })
}

function chunks(names: readonly string[], overhead: number, room: number): string[][] {
  const all: string[][] = [[]]
  let used = 0
  for (const name of names) {
    const length = name.length + overhead
    if (used + length > room && all.at(-1)!.length > 0) {
      all.push([])
      used = 0
    }
    all.at(-1)!.push(name)
    used += length
  }
  return all
}
