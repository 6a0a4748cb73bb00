/**
 * checks/scanners — virus scanners that cannot do what a configuration asks of them.
 */
import {textOf} from '../language/convert.ts'
import {isTrue} from '../number.ts'
import {itemsOf} from '../scalar.ts'
import type {Scalar} from '../value.ts'
import type {Examined, Remark} from './examined.ts'

const LISTS = ['@av_scanners', '@av_scanners_backup'] as const

/** A scanner on the command line loads its signatures for each mail. */
export function* scanners(config: Examined): Iterable<Remark> {
  const name = '@av_scanners'
  const entries = config.list(name).map(entry => itemsOf(entry) ?? [])
  const first = config.list('@bypass_virus_checks_maps')[0]
  if (entries.length === 0 || (typeof first !== 'object' && isTrue(first))) return
  const isDaemon = (program: Scalar) => typeof program === 'object' && program.kind === 'code'
  if (entries.some(items => isDaemon(items[1]))) return
  yield {
    level: 'warning',
    at: config.at(name),
    message: `${name} has only scanners that are started for each mail (${textOf(entries[0]?.[0])})`,
    help: 'ask a daemon such as clamd by \\&ask_daemon, and move these to @av_scanners_backup',
  }
}

/** One that never answers leaves mail unchecked, or lets it wait. */
export function* unusableScanners(config: Examined): Iterable<Remark> {
  const first = config.list('@bypass_virus_checks_maps')[0]
  if (typeof first !== 'object' && isTrue(first)) return
  for (const name of LISTS) {
    const list = config.list(name)
    for (const [index, entry] of list.entries()) {
      const items = itemsOf(entry)
      const reason = items && obstacle(items)
      if (reason === undefined) continue
      yield {
        level: 'warning',
        at: config.itemAt(list, index) ?? config.at(name),
        message: `virus scanner "${textOf(items?.[0])}" of ${name} always fails: ${reason}`,
        help: 'ask a daemon such as clamd by \\&ask_daemon, or name a program',
      }
    }
  }
}

function obstacle([, program, args]: readonly Scalar[]): string | undefined {
  if (typeof program !== 'object' || program.kind !== 'code' || program.body?.kind === 'constant')
    return undefined
  if (!/(?:^|::)ask_(?:daemon|av_smtp)$/.test(program.name ?? '')) {
    return `${program.name === undefined ? 'its sub' : `&${program.name}`} is code of the original program`
  }
  const [, sockets] = itemsOf(args) ?? []
  const library = (itemsOf(sockets) ?? [sockets]).find(
    spec => typeof spec === 'string' && /^[a-z]+-perl:/i.test(spec),
  )
  return library === undefined ? undefined : `"${textOf(library)}" is a library of Perl's`
}
