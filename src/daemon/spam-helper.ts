/**
 * spam-helper — the SpamAssassin of one generation: starts helpers/amavis-sa.pl, and again when it ends.
 *
 * One process has the rules in memory, those that scan are forked from it. Its socket is in a folder of its own
 * in $TEMPBASE, which only the daemon's user can enter. Where there is no Perl or no Mail::SpamAssassin it is
 * given up: the folder goes, which tells the children not to wait.
 *
 * Diagnostics: what it says, and why it ended.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import path from 'node:path'
import {FrameReader, frame} from '../checks/spam/frames.ts'
import type {SpamHelperPlan} from '../checks/spam/spamassassin/helper-plan.ts'
import {errorText} from '../errors.ts'
import {packageFile} from '../process/program-file.ts'
import {startProcess} from '../process/start-process.ts'

export interface SpamHelperOptions {
  readonly plan: SpamHelperPlan
  /** where the folder of its socket is made */
  readonly base: string
  /** value for PATH; '' leaves ours */
  readonly path: string
  readonly say: (level: number, text: string) => void
  readonly program?: string
}

/** Exit status of a helper that has no Mail::SpamAssassin (sysexits.h: EX_UNAVAILABLE). */
const UNAVAILABLE = 69
const LARGEST_FRAME = 1024 * 1024
const LONGEST_PAUSE_MS = 30_000
/** One that ran so long was well; the next start does not wait. */
const WELL_MS = 60_000

export class SpamHelper {
  readonly #options: SpamHelperOptions
  readonly #folder: string
  /** where it listens */
  readonly socketPath: string
  /** it has loaded its rules, or will not: waiting any longer is of no use */
  readonly settled: Promise<void>
  readonly #settle: () => void
  #process: ChildProcess | undefined
  #stopped = false
  #pauseMs = 0
  #again: NodeJS.Timeout | undefined

  /** @throws when its folder cannot be made */
  constructor(options: SpamHelperOptions) {
    this.#options = options
    const {promise, resolve} = Promise.withResolvers<void>()
    this.settled = promise
    this.#settle = resolve
    this.#folder = mkdtempSync(path.join(options.base, 'amavis-sa-'))
    this.socketPath = path.join(this.#folder, 'sock')
    this.#start()
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  #start(): void {
    const {plan, path: searched, program = 'perl', say} = this.#options
    const bornAt = Date.now()
    const helper = startProcess(() =>
      spawn(program, [packageFile('helpers', 'amavis-sa.pl')], {
        stdio: ['pipe', 'pipe', 'inherit'],
        // signals that a terminal sends are for the daemon, which ends us
        detached: true,
        env: searched === '' ? process.env : {...process.env, PATH: searched},
      }),
    )
    if (typeof helper === 'string') {
      this.#settle()
      this.#startAgain(bornAt, `could not be started: ${helper}`)
      return
    }
    this.#process = helper
    const reader = new FrameReader(LARGEST_FRAME)
    helper.stdout.on('data', (chunk: Buffer) => {
      try {
        for (const strings of reader.push(chunk)) this.#hear(strings.map(String))
      } catch (error) {
        say(-1, `SpamAssassin helper: ${errorText(error)}`)
        helper.kill('SIGKILL')
      }
    })
    // one that dies at birth does not read its setup
    helper.stdin.on('error', () => {})
    helper.stdin.write(frame(['setup', 'socket', this.socketPath, ...Object.entries(plan).flat()]))
    let failure: string | undefined
    helper.once('error', error => {
      failure = error.message
      if (helper.pid === undefined) this.#giveUp(error.message)
    })
    helper.once('exit', (status, signal) => {
      this.#settle()
      if (this.#stopped) return
      if (status === UNAVAILABLE) return this.#giveUp()
      this.#startAgain(bornAt, `ended: ${failure ?? signal ?? `exit ${status}`}`)
    })
  }

  /** @param bornAt when the one was started that is gone, ms */
  #startAgain(bornAt: number, why: string): void {
    this.#pauseMs = Date.now() - bornAt >= WELL_MS ? 0 : Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2 || 500)
    this.#options.say(-1, `SpamAssassin helper ${why}, starting another`)
    this.#again = setTimeout(() => this.#start(), this.#pauseMs)
    this.#again.unref()
  }

  #hear([kind, first = '', second = '']: readonly string[]): void {
    const {say} = this.#options
    if (kind === 'ready') {
      this.#settle()
      say(1, `SpamAssassin ${first} is ready, helper ${this.pid}`)
    } else if (kind === 'log') say(Number(first), `SA ${second}`)
    else if (kind === 'unavailable')
      say(-1, `SpamAssassin cannot be used, mail gets no points of it: ${first}`)
  }

  #giveUp(reason?: string): void {
    if (reason !== undefined)
      this.#options.say(-1, `SpamAssassin cannot be used, mail gets no points of it: ${reason}`)
    this.stop()
  }

  /** Let it end; processes that scan end with their connections. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#settle()
    clearTimeout(this.#again)
    this.#process?.stdin?.end()
    this.#process?.kill('SIGTERM')
    rmSync(this.#folder, {recursive: true, force: true})
  }
}
