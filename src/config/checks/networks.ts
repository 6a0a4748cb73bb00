/**
 * checks/networks — address lists hold addresses and networks only.
 */
import {parseNetwork} from '../ip-network.ts'
import {textOf} from '../language/convert.ts'
import {SETTINGS} from '../table/table.ts'
import type {ArrayBox} from '../value.ts'
import type {Examined, Remark} from './examined.ts'

export function* addressLists(config: Examined): Iterable<Remark> {
  const seen = new Set<ArrayBox>()
  for (const {name, kind} of SETTINGS) {
    const box = config.box(name)
    if (box?.kind === 'array' && kind === 'ip-acl') yield* wrongEntries(config, name, box, seen)
  }
}

function* wrongEntries(
  config: Examined,
  name: string,
  list: ArrayBox,
  seen: Set<ArrayBox>,
): Iterable<Remark> {
  if (seen.has(list)) return
  seen.add(list)
  for (const [i, item] of list.items.entries()) {
    if (typeof item === 'object') {
      if (item.kind === 'ref' && item.to.kind === 'array') yield* wrongEntries(config, name, item.to, seen)
    } else if (item !== undefined && parseNetwork(textOf(item)) === undefined) {
      const message = `${name}: expected an address or a network, found "${textOf(item)}"`
      yield {level: 'error', at: config.itemAt(list.items, i) ?? config.at(name), message}
    }
  }
}
