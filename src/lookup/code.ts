/**
 * code — the subs of a configuration that the program itself calls.
 *
 * Only what was recognised when the file was read is run: reading a setting of the bank in force, and
 * constants. Source: spec/config, Executable sub-language; Policy banks, Access.
 */
import type {Settings} from '../config/settings.ts'
import type {Code, Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'

/**
 * What a sub gives, in scalar context, with the banks of `settings` in force.
 * @throws AmavisError AM_CONFIG for a sub that cannot be run
 */
export function callCode(code: Code, settings: Settings): Scalar {
  const {body} = code
  if (body?.kind === 'constant') return body.values.at(-1)
  if (body?.kind === 'setting') {
    const value = access(settings.entry(body.name), body.accessor)
    if (body.wrap === 'opaque') return {kind: 'object', of: 'Opaque', items: [value]}
    return body.wrap === 'list' ? listReference([value]) : value
  }
  const what = code.name === undefined ? `the sub of ${body?.at ?? 'a configuration'}` : `&${code.name}`
  throw new AmavisError('AM_CONFIG', `${what} cannot be called here`)
}

function access(entry: Scalar, accessor: 'c' | 'cr' | 'ca'): Scalar {
  const isReference = typeof entry === 'object' && entry.kind === 'ref'
  switch (accessor) {
    case 'c':
      return entry
    case 'cr':
      if (entry === undefined || isReference) return entry
      return {kind: 'ref', to: {kind: 'scalar', value: entry}}
    case 'ca':
      if (entry === undefined) return listReference([])
      return isReference && entry.to.kind === 'array' ? entry : listReference([entry])
  }
}

function listReference(items: Scalar[]): Scalar {
  return {kind: 'ref', to: {kind: 'array', items}}
}
