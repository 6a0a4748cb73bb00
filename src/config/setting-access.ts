/**
 * setting-access — `c('x')`, `cr('x')`, `ca('x')`: a setting of the bank in force, as the subs of a
 * configuration read it. Source: spec/config, Policy banks, Access.
 */
import type {Settings} from './settings.ts'
import type {Scalar} from './value.ts'

export type Accessor = 'c' | 'cr' | 'ca'

/**
 * c: the value; cr: a reference to it, or undef; ca: a reference to a list, empty for undef.
 * @throws AmavisError AM_CONFIG when no bankable setting has this name
 */
export function readSetting(settings: Settings, accessor: Accessor, name: string): Scalar {
  return accessed(settings.entry(name), accessor)
}

/** A bank's entry as one of the three gives it. */
export function accessed(entry: Scalar, accessor: Accessor): Scalar {
  const isReference = typeof entry === 'object' && entry.kind === 'ref'
  switch (accessor) {
    case 'c':
      return entry
    case 'cr':
      if (entry === undefined || isReference) return entry
      return {kind: 'ref', to: {kind: 'scalar', value: entry}}
    case 'ca':
      if (entry === undefined) return {kind: 'ref', to: {kind: 'array', items: []}}
      if (isReference && entry.to.kind === 'array') return entry
      return {kind: 'ref', to: {kind: 'array', items: [entry]}}
  }
}
