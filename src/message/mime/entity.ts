/**
 * entity — what the header of a MIME entity declares: type, encoding, names, boundary.
 *
 * Source: RFC 2045, RFC 2046, RFC 2183. Where a field or a parameter is given twice, clients disagree on which
 * one counts; the last boundary and the first field are taken, as the original does, and the entity is marked
 * ambiguous, which is a finding of its own (spec/daemon, Parts, attribute B).
 */
import {fieldOctets, isNamed} from '../header.ts'
import type {Header} from '../message.ts'
import {declaredNames, type Parameterized, parameterValues, parseParameters} from './parameters.ts'

export interface Entity {
  /** in lower case; the default where the field is absent or says nothing */
  readonly type: string
  /** in lower case, `7bit` where it is not said; as written, known or not */
  readonly encoding: string
  /** declared file names, decoded and raw */
  readonly names: readonly string[]
  /** of a multipart; undefined where there is none to be had */
  readonly boundary: string | undefined
  readonly isAmbiguous: boolean
  /** the Content-Type field could only be guessed */
  readonly isBroken: boolean
}

const NOTHING: Parameterized = {value: '', parameters: [], isBroken: false}

/** @param defaultType what the entity is when its header does not say (RFC 2046 §5.1.5: message/rfc822 in a digest) */
export function readEntity(header: Header, defaultType = 'text/plain'): Entity {
  const types: string[] = []
  const encodings: string[] = []
  const dispositions: string[] = []
  for (const field of header.fields) {
    if (field.name.length < 12) continue
    if (isNamed(field, 'content-type')) types.push(fieldOctets(field))
    else if (isNamed(field, 'content-transfer-encoding')) encodings.push(fieldOctets(field))
    else if (isNamed(field, 'content-disposition')) dispositions.push(fieldOctets(field))
  }
  const type = types[0] === undefined ? NOTHING : parseParameters(types[0])
  const disposition = dispositions[0] === undefined ? NOTHING : parseParameters(dispositions[0])
  const boundaries = parameterValues(type, 'boundary')
  const names = [...declaredNames(disposition, 'filename'), ...declaredNames(type, 'name')]
  return {
    type: type.value.includes('/') ? type.value : defaultType,
    encoding: encodingOf(encodings[0]),
    names: names.length > 1 ? [...new Set(names)] : names,
    boundary: boundaries.at(-1),
    isAmbiguous: boundaries.length > 1 || types.length > 1 || encodings.length > 1 || dispositions.length > 1,
    isBroken: type.isBroken,
  }
}

/** The bare word, since clients take `"base64"` and `base64;` for what they mean. */
function encodingOf(body: string | undefined): string {
  const word = /^[\s"']*([^\s;"'()]+)/.exec(body ?? '')?.[1]
  return word?.toLowerCase() ?? '7bit'
}
