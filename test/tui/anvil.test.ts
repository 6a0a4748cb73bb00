/** The counting server's clients as lines and as JSON. */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {AnvilState} from '../../src/anvil/control.ts'
import type {NamedClient} from '../../src/anvil/store.ts'
import {
  ANVIL_COLUMNS,
  type AnvilColumn,
  anvilHeading,
  anvilLine,
  printAnvil,
  selectClients,
  splitIdent,
} from '../../src/tui/anvil/plain.ts'

const NOTHING = {count: 0, rate: 0, mail: 0, rcpt: 0, newtls: 0, auth: 0, tlstr: 0}
const client = (ident: string, numbers: Partial<NamedClient> = {}): NamedClient => ({
  ident,
  ...NOTHING,
  ...numbers,
})

const IDENTS: readonly (readonly [ident: string, service: string, client: string])[] = [
  ['smtp:192.0.2.7', 'smtp', '192.0.2.7'],
  ['submission:2001:db8::25', 'submission', '2001:db8::25'],
  ['127.0.0.1:10025:192.0.2.7', '127.0.0.1:10025', '192.0.2.7'],
  ['127.0.0.1:10025:2001:db8::25', '127.0.0.1:10025', '2001:db8::25'],
  ['[::1]:smtp:192.0.2.7', '[::1]:smtp', '192.0.2.7'],
  ['10024:2001:db8::25', '10024', '2001:db8::25'],
  ['without a service', '', 'without a service'],
  ['', '', ''],
]
for (const [ident, service, name] of IDENTS) {
  test(`"${ident}" is the client "${name}" of the service "${service}"`, () => {
    assert.deepEqual(splitIdent(ident), {service, client: name})
  })
}

test('a line is as wide as a terminal of 80 columns, cuts with a mark, and shows more where there is room', () => {
  const one = client('127.0.0.1:10025:2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', {mail: 12, auth: 3})
  assert.equal(
    anvilHeading('mail', false),
    'CLIENT                           SERVICE       NOW  CONN MAILv  RCPT   TLS  AUTH',
  )
  assert.equal(
    anvilLine(one),
    '2001:db8:ffff:ffff:ffff:ffff:ff… 127.0.0.1…      0     0    12     0     0     3',
  )
  assert.equal(anvilLine(one).length, 80)
  const wide = anvilLine(one, 160)
  assert.match(wide, /^2001:db8:ffff:ffff:ffff:ffff:ffff:ffff +127\.0\.0\.1:10025 +0 +0 +12 +0 +0 +3$/)
  assert.equal(wide.length, anvilHeading('sum', false, 160).length)
})

test('the heading marks the column that rows are in the order of, and which way', () => {
  for (const column of ANVIL_COLUMNS.filter(name => name !== 'sum')) {
    assert.match(anvilHeading(column, false), /[A-Z]v(?: |$)/, column)
    assert.match(anvilHeading(column, true), /[A-Z]\^(?: |$)/, column)
    assert.equal(anvilHeading(column, false).length, 80, column)
  }
})

test('what a client calls itself cannot write on the terminal', () => {
  assert.doesNotMatch(anvilLine(client('smtp:\x1b[31m\x9b2J\x07evil')), /[\x00-\x1f\x7f-\x9f]/)
  const json = printAnvil(stateOf([client('smtp:\x1b[31m\x9bevil')]), true).trimEnd()
  assert.doesNotMatch(json, /[\x00-\x1f\x7f-\x9f]/)
  assert.equal(JSON.parse(json).clients[0].client, '\x1b[31m\x9bevil')
})

const CLIENTS = [
  client('smtp:192.0.2.9', {count: 1, rate: 5, mail: 1, rcpt: 1}),
  client('smtp:198.51.100.1', {count: 2, rate: 2, mail: 9, rcpt: 9}),
  client('submission:192.0.2.10', {rate: 1, auth: 4, newtls: 2}),
]

const ORDERS: readonly (readonly [AnvilColumn, ...number[]])[] = [
  ['sum', 1, 0, 2],
  ['client', 2, 0, 1],
  ['service', 0, 1, 2],
  ['count', 1, 0, 2],
  ['rate', 0, 1, 2],
  ['mail', 1, 0, 2],
  ['rcpt', 1, 0, 2],
  ['newtls', 2, 0, 1],
  ['auth', 2, 0, 1],
]
for (const [column, ...order] of ORDERS) {
  test(`in the order of ${column} the highest number comes first, or names by the alphabet`, () => {
    const found = selectClients(CLIENTS, undefined, column, false).map(one => CLIENTS.indexOf(one))
    assert.deepEqual(found, order)
    const last = selectClients(CLIENTS, undefined, column, true).map(one => CLIENTS.indexOf(one))
    // equals stay as they were
    if (column === 'sum' || column === 'rate') assert.deepEqual(last, order.toReversed())
  })
}

test('a filter looks at client and service', () => {
  const found = (filter: RegExp) => selectClients(CLIENTS, filter, 'client', false).map(({ident}) => ident)
  assert.deepEqual(found(/^submission/), ['submission:192.0.2.10'])
  assert.deepEqual(found(/192\.0\.2\./), ['submission:192.0.2.10', 'smtp:192.0.2.9'])
  assert.deepEqual(found(/nobody/), [])
})

function stateOf(clients: readonly NamedClient[], size = clients.length): AnvilState {
  return {kind: 'ok', pid: 4711, unit: 60, upSeconds: 90, connections: 3, size, requests: 42, clients}
}

test('as text there is a summary, a heading, the clients, and how many more', () => {
  assert.equal(
    printAnvil(stateOf([CLIENTS[0]!], 3), false),
    `3 clients, 3 connected, 42 requests, rates in 60 s, up 90 s
CLIENT                           SERVICE       NOW  CONN  MAIL  RCPT   TLS  AUTH
192.0.2.9                        smtp            1     5     1     1     0     0
… and 2 more
`,
  )
})

test('as JSON there is one object, with the fields of the manual', () => {
  assert.deepEqual(JSON.parse(printAnvil(stateOf([CLIENTS[2]!], 3), true)), {
    running: true,
    pid: 4711,
    up_s: 90,
    unit_s: 60,
    streams: 3,
    requests: 42,
    size: 3,
    clients: [{service: 'submission', client: '192.0.2.10', ...NOTHING, rate: 1, auth: 4, newtls: 2}],
  })
})
