/**
 * code — the subs of a configuration that the program itself calls.
 *
 * Reading a setting of the bank in force, and constants, were recognised when the file was read; any other
 * program is run by the evaluator that the settings bring along. Source: spec/config, Executable sub-language; Policy banks, Access.
 */
import {readSetting} from '../config/setting-access.ts'
import type {Settings} from '../config/settings.ts'
import type {Code, Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'

/**
 * What a sub gives, in scalar context, with the banks of `settings` in force.
 * @throws AmavisError AM_CONFIG for a sub that cannot be run, or fails
 */
export function callCode(code: Code, settings: Settings, args: readonly Scalar[] = []): Scalar {
  const {body} = code
  if (body?.kind === 'constant') return body.values.at(-1)
  if (body?.kind === 'setting') {
    const value = readSetting(settings, body.accessor, body.name)
    if (body.wrap === 'opaque') return {kind: 'object', of: 'Opaque', items: [value]}
    return body.wrap === 'list' ? listReference([value]) : value
  }
  if (body?.kind === 'program' && settings.runSub) return settings.runSub(code, args, settings).at(-1)
  const what = code.name === undefined ? `the sub of ${body?.at ?? 'a configuration'}` : `&${code.name}`
  throw new AmavisError('AM_CONFIG', `${what} cannot be called here`)
}

function listReference(items: Scalar[]): Scalar {
  return {kind: 'ref', to: {kind: 'array', items}}
}
