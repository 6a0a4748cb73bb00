/**
 * entity — what the header of a MIME entity declares: type, encoding, names, boundary.
 *
 * Source: RFC 2045, RFC 2046, RFC 2183. Where a field or a parameter is given twice, or is not as the standards
 * have it, clients disagree on what counts. Here is one way to read it, the original's where it has one: the
 * first field, the last boundary. Such an entity is marked as doubtful; alternatives.ts has the other ways.
 */
import {fieldOctets, isNamed} from '../header.ts'
import type {Header} from '../message.ts'
import {declaredNames, hasRivals} from './names.ts'
import {type Parameterized, parameterValues, parseParameters} from './parameters.ts'

export interface Entity {
  /** in lower case; the default where the field is absent or says nothing */
  readonly type: string
  /** as declared, where that is no type but is taken for one; else undefined */
  readonly typeAsWritten: string | undefined
  /** in lower case, `7bit` where it is not said; as written, known or not */
  readonly encoding: string
  /** declared file names, decoded and raw */
  readonly names: readonly string[]
  /** of a multipart; undefined where there is none to be had */
  readonly boundary: string | undefined
  /** of a text; '' where none is declared */
  readonly charset: string
  /** there is more than one boundary, or names that make a client open the part with different programs */
  readonly isAmbiguous: boolean
  /** there may be other ways to read the fields */
  readonly isDoubtful: boolean
  /** the Content-Type field could only be guessed */
  readonly isBroken: boolean
  /** a field is longer than what is read of it */
  readonly isCut: boolean
}

/** The bodies of the fields that count, one character an octet, in order. */
export interface EntityFields {
  readonly types: readonly string[]
  readonly encodings: readonly string[]
  readonly dispositions: readonly string[]
  readonly isCut: boolean
}

/** How much of a field is read; names may be long, but not so long. */
const MAX_FIELD = 128 * 1024

const NONE: readonly never[] = []
const NOTHING: Parameterized = {value: '', parameters: [], isBroken: false, isCut: false}

/** The fields of a header that say what it is the header of. */
export function entityFields(header: Header): EntityFields {
  let types: string[] | undefined
  let encodings: string[] | undefined
  let dispositions: string[] | undefined
  let {isCut} = header
  for (const field of header.fields) {
    if (field.name.length < 12) continue
    const isType = isNamed(field, 'content-type')
    const isEncoding = !isType && isNamed(field, 'content-transfer-encoding')
    if (!isType && !isEncoding && !isNamed(field, 'content-disposition')) continue
    const isLong = field.raw.length > MAX_FIELD
    isCut ||= isLong
    const body = fieldOctets(isLong ? {...field, raw: field.raw.subarray(0, MAX_FIELD)} : field)
    if (isType) (types ??= []).push(body)
    else if (isEncoding) (encodings ??= []).push(body)
    else (dispositions ??= []).push(body)
  }
  return {types: types ?? NONE, encodings: encodings ?? NONE, dispositions: dispositions ?? NONE, isCut}
}

/** @param defaultType what the entity is when its header does not say (RFC 2046 §5.1.5: message/rfc822 in a digest) */
export function readEntity(fields: EntityFields, defaultType = 'text/plain'): Entity {
  const {types, encodings, dispositions} = fields
  const type = types[0] === undefined ? NOTHING : parseParameters(types[0])
  const boundaries = parameterValues(type, 'boundary')
  const names = [
    ...dispositions.flatMap(body => declaredNames(parseParameters(body), 'filename')),
    ...declaredNames(type, 'name'),
  ]
  const hasType = type.value.includes('/')
  const encoding = encodingOf(encodings[0])
  const isMultipart = type.value.startsWith('multipart/')
  return {
    type: hasType ? type.value : defaultType,
    typeAsWritten: hasType || type.value === '' ? undefined : type.value,
    encoding,
    names: names.length > 1 ? [...new Set(names)] : names,
    boundary: boundaries.at(-1),
    charset: parameterValues(type, 'charset')[0] ?? '',
    isAmbiguous: boundaries.length > 1 || (names.length > 1 && hasRivals(names)),
    isDoubtful:
      types.length > 1 ||
      encodings.length > 1 ||
      (encodings.length > 0 && !PLAIN_ENCODING.test(encodings[0]!)) ||
      (isMultipart ? !PLAIN_MULTIPART.test(types[0]!) || !isIdentity(encoding) : boundaries.length > 0),
    isBroken: type.isBroken,
    isCut: fields.isCut || type.isCut,
  }
}

/** Encodings as all clients read them. */
const PLAIN_ENCODING = /^(?:7bit|8bit|binary|base64|quoted-printable|x-uuencode)$/i

/** Parameters as all clients read them, and one boundary among them. */
const PLAIN_MULTIPART =
  /^multipart\/[\w.+-]+(?:;[ \t]*(?!boundary=)[\w-]+=(?:"[^"\\]*"|[^\s"'\\;(]+))*;[ \t]*boundary=(?:"[!#-[\]-~](?:[ !#-[\]-~]*[!#-[\]-~])?"|[!#-&)-:<-[\]-~]+)(?:;[ \t]*(?!boundary)[\w-]+=(?:"[^"\\]*"|[^\s"'\\;(]+))*;?$/i

export function isIdentity(encoding: string): boolean {
  return encoding === '7bit' || encoding === '8bit' || encoding === 'binary'
}

/** The bare word, since clients take `"base64"` and `base64;` for what they mean. */
export function encodingOf(body: string | undefined): string {
  const word = /^[\s"']*([^\s;"'()]+)/.exec(body ?? '')?.[1]
  return word?.toLowerCase() ?? '7bit'
}
