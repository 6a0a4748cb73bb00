/**
 * scanners — the virus scanners that `@av_scanners` and `@av_scanners_backup` ask for, made when they are first wanted.
 *
 * A child keeps them from mail to mail: they remember which of them is down. Banks may have lists of their own, so they
 * are kept by the list. A program that is not installed is left out.
 */
import type {Settings} from '../../config/settings.ts'
import type {Scalar} from '../../config/value.ts'
import type {Log} from '../../log/log.ts'
import type {ScannerCondition} from '../breaker.ts'
import {failed, type ScannerAnswer} from './answer.ts'
import {endpointText} from './daemon/endpoint.ts'
import {type ScannerEntry, scannerEntry} from './entries.ts'
import type {Ask, VirusScanner} from './scanner.ts'

export interface ScannerPlan {
  readonly primary: readonly VirusScanner[]
  readonly backup: readonly VirusScanner[]
  /** the configuration names scanners, installed or not */
  readonly isWanted: boolean
}

export interface VirusScannersDeps {
  readonly log: Log
  /** is told of a scanner that is in another condition than before, and why */
  readonly report: (name: string, condition: ScannerCondition, reason: string) => void
}

interface Made {
  readonly scanners: readonly VirusScanner[]
  readonly absent: readonly string[]
}

export class VirusScanners {
  readonly #deps: VirusScannersDeps
  readonly #made = new Map<readonly Scalar[], Made>()
  readonly #conditions = new Map<string, ScannerCondition>()

  constructor(deps: VirusScannersDeps) {
    this.#deps = deps
  }

  for(settings: Settings): ScannerPlan {
    const primary = settings.list('@av_scanners')
    const backup = settings.list('@av_scanners_backup')
    return {
      primary: this.#of(primary, settings).scanners,
      backup: this.#of(backup, settings).scanners,
      isWanted: primary.length > 0 || backup.length > 0,
    }
  }

  /** What to tell an operator when the program starts: which scanners are used, and which are not. */
  describe(settings: Settings): string[] {
    const lines: string[] = []
    for (const rank of ['primary', 'backup'] as const) {
      const list = settings.list(rank === 'primary' ? '@av_scanners' : '@av_scanners_backup')
      const {scanners, absent} = this.#of(list, settings)
      for (const {name, description} of scanners) lines.push(`${rank} virus scanner ${name}: ${description}`)
      for (const name of absent) lines.push(`${rank} virus scanner ${name} is not installed`)
    }
    const {primary, backup, isWanted} = this.for(settings)
    if (!isWanted) {
      lines.push(
        'no virus scanner is configured: the built-in one knows the standard test file and nothing else',
      )
    } else if (primary.length === 0 && backup.length === 0) lines.push('NO VIRUS SCANNERS AVAILABLE')
    return lines
  }

  close(): void {
    for (const {scanners} of this.#made.values()) for (const scanner of scanners) scanner.close()
  }

  #of(list: readonly Scalar[], settings: Settings): Made {
    const known = this.#made.get(list)
    if (known) return known
    const folders = pathOf(settings).split(':')
    const scanners: VirusScanner[] = []
    const absent: string[] = []
    for (const item of list) {
      const entry = scannerEntry(item, folders)
      if (entry?.kind === 'absent') absent.push(entry.name)
      else if (entry) scanners.push(this.#make(entry, settings))
    }
    const made = {scanners, absent}
    this.#made.set(list, made)
    return made
  }

  #changed(name: string, condition: ScannerCondition, reason: string): void {
    const before = this.#conditions.get(name)
    if (before === condition) return
    this.#conditions.set(name, condition)
    const {log, report} = this.#deps
    if (condition === 'open')
      log.write(-1, `virus scanner ${name} is down, mail does not wait for it: ${reason}`)
    else if (condition === 'ok' && before !== undefined) log.write(0, `virus scanner ${name} answers again`)
    report(name, condition, reason)
  }

  #make(entry: Exclude<ScannerEntry, {kind: 'absent'}>, settings: Settings): VirusScanner {
    const {name} = entry
    const report = (condition: ScannerCondition, reason: string) => this.#changed(name, condition, reason)
    switch (entry.kind) {
      case 'daemon': {
        const {protocol, endpoints} = entry
        const where = endpoints.map(endpointText).join(', ')
        return lazily(name, `${protocol === 'line' ? 'simple' : protocol} at ${where}`, async () => {
          const {DaemonScanner} = await import('./daemon/ask-daemon.ts')
          return new DaemonScanner(entry, {report})
        })
      }
      case 'program':
        return lazily(name, entry.file, async () => {
          const {programScanner} = await import('./program.ts')
          return programScanner(entry, {
            environment: environmentOf(settings),
            report: failure => report(failure === undefined ? 'ok' : 'failing', failure ?? ''),
          })
        })
      case 'constant':
        return always(name, 'a sub that always says the same', entry.answer)
      case 'unsupported':
        report('failing', entry.reason)
        return always(name, `not used: ${entry.reason}`, failed(entry.reason))
    }
  }
}

/** A child loads what its scanners need, when the first mail comes. */
function lazily(name: string, description: string, load: () => Promise<Ask>): VirusScanner {
  let made: Promise<Ask> | undefined
  return {
    name,
    description,
    async scan(subject, timeoutMs) {
      made ??= load()
      return (await made).scan(subject, timeoutMs)
    },
    close: () => void made?.then(scanner => scanner.close()),
  }
}

function always(name: string, description: string, answer: ScannerAnswer): VirusScanner {
  return {name, description, scan: async () => answer, close() {}}
}

function pathOf(settings: Settings): string {
  return settings.string('$path') ?? '/usr/local/bin:/usr/bin:/bin'
}

function environmentOf(settings: Settings): Record<string, string> {
  return {
    PATH: pathOf(settings),
    HOME: settings.string('$MYHOME') ?? '/',
    TMPDIR: settings.string('$TEMPBASE') ?? '/tmp',
    LC_ALL: 'C',
  }
}
