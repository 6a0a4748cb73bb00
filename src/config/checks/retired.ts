/**
 * checks/retired — settings that are accepted and have no effect any more.
 */
import {textOf} from '../language/convert.ts'
import type {Machine} from '../language/machine.ts'
import {SETTINGS} from '../table/table.ts'
import type {Scalar} from '../value.ts'
import type {Examined, Remark} from './examined.ts'

/** Defaults of settings that have no effect, to tell whether a file changed one. */
export function retiredValues(machine: Machine): ReadonlyMap<string, Scalar> {
  const retired = SETTINGS.filter(setting => setting.obsolete === 'warns')
  return new Map(
    retired.map(({name}) => {
      const box = machine.variables.get(name)
      return [name, box?.kind === 'scalar' ? box.value : undefined]
    }),
  )
}

export function* retiredSettings(config: Examined): Iterable<Remark> {
  for (const {name, obsolete, successor} of SETTINGS) {
    if (!obsolete || !config.isSet(name)) continue
    const message = `${name} is retired and has no effect`
    const help = {help: successor ?? 'the line can be deleted'}
    const isChanged = textOf(config.retired.get(name)) !== config.text(name)
    if (obsolete === 'silent') yield {level: 'hint', at: config.at(name), message, ...help}
    else if (isChanged) yield {level: 'warning', at: config.at(name), message, ...help}
  }
}
