import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {SearchRange} from '../../src/snmp/agentx-stream.ts'
import {type Answered, Answerer} from '../../src/snmp/answer.ts'
import {Instances} from '../../src/snmp/instances.ts'
import {OBJECTS, type Part, ROOT} from '../../src/snmp/objects.ts'
import {compareOids, type Oid, parseOid} from '../../src/snmp/oid.ts'

const below = (...arcs: readonly number[]): Oid => [...ROOT, ...arcs]
const range = (start: Oid, {include = false, end}: Partial<SearchRange> = {}): SearchRange => ({
  start,
  include,
  end,
})

function answerer(...absent: readonly Part[]): Answerer {
  const values = new Map([['InMsgs', '42']])
  return new Answerer(
    new Instances(OBJECTS),
    async part => (absent.includes(part) ? undefined : values),
    () => 0,
  )
}

/** `1.2.1.0 = 42`, without the root. */
function shown(answers: readonly Answered[]): readonly string[] {
  return answers.map(answered => {
    const at = answered.oid.slice(ROOT.length).join('.')
    return `${at} ${answered.kind === 'value' ? `= ${answered.value.value}` : answered.kind}`
  })
}

test('a walk by GetNext meets every object once and in order', async () => {
  const one = answerer()
  const met: Oid[] = []
  for (let at: Oid = ROOT; ; ) {
    const [next] = await one.getNext([range(at)])
    if (next?.kind !== 'value') {
      assert.equal(next?.kind, 'end of MIB view')
      break
    }
    met.push(next.oid)
    at = next.oid
  }
  assert.equal(met.length, 331)
  assert.ok(met.every((oid, n) => n === 0 || compareOids(met[n - 1]!, oid) < 0))
})

test('a Get tells an unknown object from an unknown instance', async () => {
  const oids = [below(1, 2, 1, 0), below(1, 2, 1), below(1, 2, 1, 1), below(1, 2, 99, 0), below(9), [1, 3]]
  assert.deepEqual(shown(await answerer().get(oids.map(oid => range(oid)))), [
    '1.2.1.0 = 42',
    '1.2.1 no such instance',
    '1.2.1.1 no such instance',
    '1.2.99.0 no such object',
    '9 no such object',
    ' no such object',
  ])
})

test('GetNext keeps to its range, and has its start only where that is included', async () => {
  const start = below(1, 2, 1, 0)
  const answers = await answerer().getNext([
    range(start),
    range(start, {include: true}),
    range(start, {end: below(1, 2, 2)}),
    range([], {end: below(1)}),
    range(below(1, 26, 6, 0), {end: below(2)}),
    range(below(3, 1, 4, 0)),
    range(parseOid('2.999')!),
  ])
  assert.deepEqual(
    shown(answers).map(text => text.trim()),
    [
      '1.2.2.0 = 0',
      '1.2.1.0 = 42',
      '1.2.1.0 end of MIB view',
      'end of MIB view',
      '1.26.6.0 end of MIB view',
      '3.1.4.0 end of MIB view',
      'end of MIB view',
    ],
  )
})

test('GetBulk repeats the repeaters, row by row, until all have come to an end', async () => {
  const answers = await answerer().getBulk(
    [range(below(1, 2)), range(below(3, 1, 3)), range(below(2, 2, 21, 0))],
    {nonRepeaters: 1, maxRepetitions: 65_535},
  )
  const rows = shown(answers)
  assert.equal(rows[0], '1.2.1.0 = 42')
  assert.deepEqual(rows.slice(1, 9), [
    '3.1.3.0 = 0',
    '2.2.22.0 = 0',
    '3.1.4.0 = 0',
    '3.1.1.0 = 0',
    '3.1.4.0 end of MIB view',
    '3.1.2.0 = 0',
    '3.1.4.0 end of MIB view',
    '3.1.3.0 = 0',
  ])
  assert.equal(rows.length, 13)
  assert.deepEqual(
    shown(await answerer().getBulk([range(below(1, 2))], {nonRepeaters: 5, maxRepetitions: 9})),
    ['1.2.1.0 = 42'],
  )
})

test('a part whose values cannot be had has no instances', async () => {
  const one = answerer('processes')
  assert.deepEqual(shown(await one.get([range(below(2, 1, 1, 0))])), ['2.1.1.0 no such instance'])
  assert.deepEqual(shown(await one.getNext([range(below(1, 26, 6, 0))])), ['3.1.1.0 = 0'])
})
