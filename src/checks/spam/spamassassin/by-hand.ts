/**
 * by-hand — the program spamassassin on a mail, as somebody runs it who looks for a reason: `spamassassin -D -t`.
 *
 * It is run as the present user with his home folder, learns nothing and makes no files. What a person would see is
 * compared with what the daemon's SpamAssassin does.
 */
import {execFile} from 'node:child_process'
import {existsSync, readFileSync} from 'node:fs'
import type {ScoredTest} from '../../finding.ts'
import {exactTotal} from '../spamd/answer.ts'
import {parseTests} from '../tests-text.ts'
import {type Networks, networksIn, type OwnWords, ownWords} from './own-words.ts'

export interface SpamAssassinView extends OwnWords {
  readonly networks: Networks
}

export type ByHand =
  | {
      readonly kind: 'ran'
      readonly view: SpamAssassinView
      readonly score: number
      readonly tests: readonly ScoredTest[]
      readonly ms: number
    }
  | {readonly kind: 'failed'; readonly reason: string}

const MOST_OUTPUT = 64 * 1024 * 1024
const LIMIT_MS = 120_000

/**
 * @param mail with LF line ends
 * @param localOnly ask nobody on the network, as the daemon is told
 */
export function scanByHand(
  mail: Buffer,
  {home, localOnly, path}: {home: string; localOnly: boolean; path: string},
): Promise<ByHand> {
  const startedAt = performance.now()
  // the last three say how to write, and change nothing of what is found
  const args = ['-D', '-t', '-x', ...(localOnly ? ['-L'] : []), '--cf=bayes_auto_learn 0']
  args.push(
    '--cf=fold_headers 0',
    '--cf=report_safe 0',
    '--cf=add_header all Points _SCORE_ _TESTSSCORES(,)_',
  )
  const options = {
    maxBuffer: MOST_OUTPUT,
    timeout: LIMIT_MS,
    encoding: 'latin1' as const,
    env: {...process.env, HOME: home, PATH: path, LC_ALL: 'C'},
    cwd: '/',
  }
  return new Promise(resolve => {
    const child = execFile('spamassassin', args, options, (error, stdout, stderr) => {
      const points = /^X-Spam-Points: (-?[\d.]+) (.*)$/m.exec(stdout)
      if (!points) {
        const said = stderr.trim().split('\n').at(-1) ?? ''
        resolve({kind: 'failed', reason: error?.message.split('\n')[0] ?? `no answer: ${said}`})
        return
      }
      const tests = parseTests(points[2] ?? '')
      resolve({
        kind: 'ran',
        view: viewOf(debugLines(stderr)),
        score: exactTotal(Number(points[1]), tests),
        tests,
        ms: performance.now() - startedAt,
      })
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(mail)
  })
}

/** Reads the configuration files that are named in the lines. */
export function viewOf(lines: readonly string[]): SpamAssassinView {
  const words = ownWords(lines)
  const {preferences: file} = words
  const preferences = file === undefined || existsSync(file) ? file : `${file}, not there`
  return {...words, preferences, networks: networksIn([...new Set(words.files)].map(textOf))}
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

/** `Nov 23 03:42:06.985 [1963] dbg: config: using …` as `config: using …`. */
function debugLines(text: string): readonly string[] {
  return text.split('\n').map(line => line.replace(/^\w{3} +\d+ [\d:.]+ \[\d+\] \w+: /, ''))
}
