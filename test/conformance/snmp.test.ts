/** What the SNMP subagent serves against the recorded list: numbers, names and types. */
import assert from 'node:assert/strict'
import test from 'node:test'
import {OBJECTS} from '../../src/snmp/objects.ts'
import {snmpValue} from '../../src/snmp/value.ts'
import {readFixture} from './shared.ts'

interface Variable {
  readonly name: string
  readonly snmp_type: string
  readonly mib: readonly {readonly object: string; readonly syntax: string; readonly oid: string}[] | null
}

const {variables} = JSON.parse(readFixture('snmp-counters.json')) as {variables: readonly Variable[]}

test('the objects are the 331 of the list: variable, name, number and syntax', () => {
  const listed = variables.flatMap(({name, mib}) =>
    (mib ?? []).map(({object, syntax, oid}) => `${oid} ${object} ${syntax} ${name}`),
  )
  assert.equal(listed.length, 331)
  const ours = OBJECTS.map(
    ({oid, name, syntax, variable}) => `${oid.join('.')}.0 ${name} ${syntax} ${variable}`,
  )
  assert.deepEqual(ours.toSorted(), listed.toSorted())
})

test('the type of each value on the wire is that of the list', () => {
  const types: Readonly<Record<string, string>> = {
    Counter32: 'C32',
    Counter64: 'C64',
    Gauge32: 'G32',
    Integer32: 'INT',
    TimeInterval: 'INT',
    TimeTicks: 'TIM',
    DisplayString: 'STR',
    'OBJECT IDENTIFIER': 'OID',
  }
  const listed = new Map(variables.map(({name, snmp_type}) => [name, snmp_type]))
  for (const object of OBJECTS)
    assert.equal(types[snmpValue(object, undefined, 0).syntax], listed.get(object.variable), object.variable)
})
