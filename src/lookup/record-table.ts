/**
 * record-table — one field of the records that SQL or LDAP servers hold of an address, as a table.
 *
 * The servers are asked once for an address, before the look-ups; here a field is taken from the records
 * they gave, which are part of the settings (Settings.directory). Where no server was asked the look-up fails, and the
 * mail waits: an answer that is missing must not be taken for "no match".
 * Source: spec/config, SQL lookups (Field lookup result).
 */
import {numberOfText, numberText} from '../config/number.ts'
import type {DirectoryRecord} from '../config/settings.ts'
import type {Obj} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import type {Subject} from './subject.ts'
import type {Match, Table} from './table.ts'

/** `B` truth, `N` number, `S` text; after it what a missing field of a record that exists means. */
type FieldType = `${'B' | 'N' | 'S'}${'-' | '0' | '1'}`

/** @param object SQLfield or LDAPattr: field name, type */
export function recordTable(object: Obj): Table {
  const server = object.of === 'SQLfield' ? 'sql' : 'ldap'
  const [name, type] = object.items
  const field = typeof name === 'string' ? name : ''
  const wanted = typeof type === 'string' && /^[BNS][-01]$/.test(type) ? (type as FieldType) : 'S-'
  const find = ({whole, settings}: Subject): Match | undefined => {
    const records = settings.directory?.records(server, whole)
    if (!records) {
      const engine = server === 'sql' ? 'an SQL' : 'an LDAP'
      throw new AmavisError('AM_CONFIG', `the field "${field}" needs ${engine} server, and none was asked`)
    }
    const trim = settings.flag('$trim_trailing_space_in_lookup_result_fields')
    const value = fieldOf(records, field, wanted, {trim, strictTruth: server === 'ldap'})
    return value === undefined ? undefined : {value, matchedKey: field}
  }
  return {
    find,
    findAll(subject) {
      const match = find(subject)
      return match ? [match] : []
    },
  }
}

/**
 * A field of the first record that has it. Records without it are passed over; if all are, a type that
 * ends with 0 or 1 has this value as soon as there is a record, any other has none.
 * @param strictTruth LDAP's: only TRUE is true
 */
export function fieldOf(
  records: readonly DirectoryRecord[],
  field: string,
  type: FieldType,
  {trim, strictTruth}: {readonly trim: boolean; readonly strictTruth: boolean},
): string | number | undefined {
  for (const record of records) {
    const value = record.get(field)
    if (value !== undefined) return converted(value, type[0], trim, strictTruth)
  }
  return type.endsWith('-') || records.length === 0 ? undefined : Number(type[1])
}

function converted(value: string | number, type: string | undefined, trim: boolean, strictTruth: boolean) {
  const text = typeof value === 'number' ? numberText(value) : value
  switch (type) {
    case 'B':
      if (strictTruth) return text === 'TRUE' ? 1 : 0
      // any other text is true, `No` and `false` included
      return text === '' ? '' : /^(?:[NnFf ]|0+|\0+) *$/.test(text) ? 0 : 1
    case 'N':
      return typeof value === 'number' ? value : numberOfText(value)
    default:
      return trim ? text.replace(/\s+$/, '') : text
  }
}
