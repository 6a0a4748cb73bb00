/**
 * memory — how much memory the children of this machine have, read from /proc.
 *
 * What is shared with the other children counts in each child's RSS, and in parts in its PSS; so the sum of
 * the PSS is what all of them cost. PSS needs the same user or root. A pid of the bus is only a claim: that
 * the process is a daemon's is looked up first.
 */
import {readFileSync} from 'node:fs'
import type {Processes} from '../../bus/minder-table.ts'
import {isLocalEndpoint} from './local.ts'

export interface Memory {
  readonly rssBytes: number
  /** undefined where it may not be read */
  readonly pssBytes: number | undefined
}

export interface ChildRef {
  readonly endpoint: string
  readonly pid: number
}

export type ReadMemory = (child: ChildRef) => Memory | undefined

/** @returns a reader; it knows nothing of children elsewhere, and nothing where there is no /proc */
export function memoryReader(processes: Processes, procFolder = '/proc'): ReadMemory {
  return ({endpoint, pid}) => {
    if (!isLocalEndpoint(endpoint) || processes.probe(pid) !== 'alive') return undefined
    const rollup = readText(`${procFolder}/${pid}/smaps_rollup`)
    const status = rollup === undefined ? readText(`${procFolder}/${pid}/status`) : undefined
    const rss = kilobytes(rollup, 'Rss') ?? kilobytes(status, 'VmRSS')
    return rss === undefined ? undefined : {rssBytes: rss, pssBytes: kilobytes(rollup, 'Pss')}
  }
}

/** `84/24` in MB, `84/-` without PSS, empty when nothing is known. */
export function memoryText(memory: Memory | undefined): string {
  if (!memory) return ''
  const pss = memory.pssBytes === undefined ? '-' : megabytes(memory.pssBytes)
  return `${megabytes(memory.rssBytes)}/${pss}`
}

function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(0)
}

function kilobytes(text: string | undefined, field: string): number | undefined {
  const match = text === undefined ? null : new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)
  return match ? Number(match[1]) * 1024 : undefined
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/** Readings of the kernel in one go; each walks a process' whole map. */
const READINGS = 60

/** What was read of many children: those in sight each time, the others in turn. */
export class MemoryTable {
  readonly #read: ReadMemory
  #known = new Map<string, Memory>()
  #turn = 0

  constructor(read: ReadMemory) {
    this.#read = read
  }

  of(key: string): Memory | undefined {
    return this.#known.get(key)
  }

  /** Read again. Children of neither list are forgotten. */
  refresh(
    inSight: readonly (readonly [string, ChildRef])[],
    all: readonly (readonly [string, ChildRef])[],
  ): void {
    const known = new Map<string, Memory>()
    for (const [key] of all) {
      const before = this.#known.get(key)
      if (before) known.set(key, before)
    }
    const others = Math.max(0, Math.min(all.length, READINGS - inSight.length))
    const inTurn = Array.from({length: others}, (_, i) => all[(this.#turn + i) % all.length]!)
    this.#turn = all.length > 0 ? (this.#turn + others) % all.length : 0
    for (const [key, child] of [...inSight, ...inTurn]) {
      const memory = this.#read(child)
      if (memory) known.set(key, memory)
      else known.delete(key)
    }
    this.#known = known
  }
}
