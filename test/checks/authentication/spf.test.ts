import assert from 'node:assert/strict'
import {test} from 'node:test'
import {evaluateSpf} from '../../../src/checks/authentication/spf.ts'
import {limitedResolver} from '../../../src/checks/dns/resolver.ts'
import {dnsError, type Zone, zoneResolver} from '../../support/zone.ts'

const ZONE: Zone = {
  'pass.test': 'v=spf1 ip4:192.0.2.0/24 -all',
  'a.test': {TXT: [['v=spf1 a ', '-all']], A: ['192.0.2.1']},
  'mx.test': {TXT: [['v=spf1 mx ~all']], MX: [{exchange: 'in.mx.test', priority: 10}]},
  'in.mx.test': {A: ['192.0.2.1'], AAAA: ['2001:db8::1']},
  'include.test': 'v=spf1 include:pass.test -all',
  'fail.test': 'v=spf1 -all',
  'soft.test': 'v=spf1 ~all',
  'neutral.test': 'v=spf1 ?all',
  'loop.test': 'v=spf1 include:loop.test -all',
  'redirect.test': 'v=spf1 redirect=redirect.test',
  'bad.test': 'v=spf1 ip4:999.0.0.1 -all',
  'two.test': {TXT: [['v=spf1 -all'], ['v=spf1 +all']]},
  'none.test': {TXT: [['something else']]},
  'hang.test': dnsError('ETIMEOUT'),
  'broken.test': dnsError('ESERVFAIL'),
  'giant.test': `v=spf1 ${'ip4:198.51.100.1 '.repeat(20_000)}-all`,
  'hostile.test': 'v=spf1 exists:%{i}.\x00\r\nX:y.test %{z} a:\xff -all',
}

const ROWS: readonly (readonly [sender: string, result: string, detail?: RegExp])[] = [
  ['pass.test', 'pass'],
  ['a.test', 'pass'],
  ['mx.test', 'pass'],
  ['include.test', 'pass'],
  ['fail.test', 'fail'],
  ['soft.test', 'softfail'],
  ['neutral.test', 'neutral'],
  ['none.test', 'none'],
  ['nowhere.test', 'none'],
  ['loop.test', 'permerror', /^Too many DNS requests$/],
  ['redirect.test', 'permerror', /^Too many DNS requests$/],
  ['bad.test', 'permerror', /./],
  ['two.test', 'permerror', /./],
  ['hang.test', 'temperror', /^DNS timeout$/],
  ['broken.test', 'temperror', /^ESERVFAIL$/],
  ['giant.test', 'fail'],
  ['hostile.test', 'permerror', /^[ -~]*$/],
]
const subject = {client: '192.0.2.1', helo: 'mail.pass.test', hostname: 'filter.test'}

for (const [domain, result, detail = /^$/] of ROWS) {
  test(`SPF of a sender of ${domain} is ${result}`, async () => {
    const spf = await evaluateSpf({...subject, envelopeSender: `a@${domain}`}, zoneResolver(ZONE))
    assert.equal(spf.result, result)
    assert.match(spf.detail, detail)
    assert.deepEqual([spf.identity, spf.domain], ['mailfrom', domain])
  })
}

test('the null sender is that of HELO', async () => {
  const zone = {'mail.pass.test': 'v=spf1 ip4:192.0.2.1 -all'}
  const spf = await evaluateSpf({...subject, envelopeSender: ''}, zoneResolver(zone))
  assert.deepEqual(spf, {result: 'pass', identity: 'helo', domain: 'mail.pass.test', detail: ''})
  const silent = await evaluateSpf({...subject, helo: undefined, envelopeSender: ''}, zoneResolver(zone))
  assert.equal(silent.result, 'none')
})

test('clients by IPv6 are asked about by AAAA, and one that is mapped to IPv4 is one of IPv4', async () => {
  const asked: string[] = []
  const of = (client: string) =>
    evaluateSpf({...subject, client, envelopeSender: 'a@mx.test'}, zoneResolver(ZONE, asked))
  assert.equal((await of('2001:db8::1')).result, 'pass')
  assert.ok(asked.includes('AAAA in.mx.test'))
  assert.equal((await of('::ffff:192.0.2.1')).result, 'pass')
})

const HOSTILE = [
  '"a@b"@c d.test',
  '\0\r\n@\x00.test',
  `a@${'x'.repeat(70_000)}`,
  '@',
  'a@[192.0.2.1]',
  'ä@ö.test',
]
test('no sender, and no name of a client, makes it fail otherwise than by a result', async () => {
  for (const envelopeSender of HOSTILE)
    for (const helo of HOSTILE) {
      const spf = await evaluateSpf({...subject, helo, envelopeSender}, zoneResolver(ZONE))
      assert.match(spf.domain, /^[ -~]{0,200}$/)
      assert.match(spf.result, /^(?:none|temperror|permerror)$/)
    }
})

test('a DNS that is silent is a temperror once the time is over', async () => {
  const silent = limitedResolver(() => new Promise(() => {}), 20)
  const spf = await evaluateSpf({...subject, envelopeSender: 'a@pass.test'}, silent)
  assert.deepEqual([spf.result, spf.detail], ['temperror', 'DNS timeout'])
})
