import assert from 'node:assert/strict'
import {test} from 'node:test'
import {evaluateDmarc} from '../../../src/checks/authentication/dmarc.ts'
import type {SpfResult} from '../../../src/checks/authentication/result.ts'
import {limitedResolver} from '../../../src/checks/dns/resolver.ts'
import {dnsError, type Zone, zoneResolver} from '../../support/zone.ts'

const ZONE: Zone = {
  '_dmarc.reject.test': 'v=DMARC1; p=reject; sp=quarantine',
  '_dmarc.none.test': 'v=DMARC1; p=none',
  '_dmarc.strict.test': 'v=DMARC1; p=reject; adkim=s; aspf=s',
  '_dmarc.bad.test': 'v=DMARC1; p=\x00\xff"); p=reject; p=',
  '_dmarc.giant.test': `v=DMARC1; p=reject; rua=mailto:a@${'x.'.repeat(30_000)}test`,
  '_dmarc.hang.test': dnsError('ETIMEOUT'),
}
const spf = (result: SpfResult['result'], domain: string): SpfResult => ({
  result,
  domain,
  identity: 'mailfrom',
  detail: '',
})
const SUBJECT = {fromFields: 1, signers: [], spf: spf('none', 'other.test'), isUndecided: false}
const of = (subject: Partial<Parameters<typeof evaluateDmarc>[0]>) =>
  evaluateDmarc({...SUBJECT, from: ['a@reject.test'], ...subject}, zoneResolver(ZONE))

type Row = readonly [title: string, given: Partial<Parameters<typeof evaluateDmarc>[0]>, expected: string]
const ROWS: readonly Row[] = [
  ['nothing of the author is proven', {}, 'fail reject'],
  ['a signature is of the author', {signers: ['reject.test']}, 'pass reject'],
  ['a signature is of a domain below', {signers: ['mail.reject.test']}, 'pass reject'],
  ['a signature is of another', {signers: ['reject.test.evil.test']}, 'fail reject'],
  ['SPF passes for the author', {spf: spf('pass', 'reject.test')}, 'pass reject'],
  ['SPF passes for another', {spf: spf('pass', 'other.test')}, 'fail reject'],
  ['SPF fails for the author', {spf: spf('fail', 'reject.test')}, 'fail reject'],
  ['the author is below the domain', {from: ['a@news.reject.test']}, 'fail quarantine'],
  ['the domain asks for nothing', {from: ['a@none.test']}, 'fail none'],
  ['the domain publishes nothing', {from: ['a@silent.test']}, 'none -'],
  [
    'strict domains want their very name',
    {from: ['a@strict.test'], signers: ['m.strict.test']},
    'fail reject',
  ],
  ['the DNS does not answer', {from: ['a@hang.test']}, 'temperror -'],
  ['a key could not be had', {isUndecided: true}, 'temperror reject'],
  ['SPF could not be evaluated', {spf: spf('temperror', 'reject.test')}, 'temperror reject'],
  ['the client is unknown, a signature is not', {spf: undefined, signers: ['reject.test']}, 'pass reject'],
  ['two authors of a domain', {from: ['a@reject.test', 'b@reject.test']}, 'fail reject'],
  ['authors of several domains', {from: ['a@reject.test', 'b@none.test']}, 'permerror -'],
  ['several From fields', {fromFields: 2}, 'permerror -'],
  ['no address in From', {from: []}, 'permerror -'],
  ['no From field', {from: [], fromFields: 0}, 'none -'],
  ['the record is giant', {from: ['a@giant.test']}, 'fail reject'],
]
for (const [title, given, expected] of ROWS) {
  test(`DMARC where ${title}: ${expected}`, async () => {
    const dmarc = await of(given)
    assert.equal(`${dmarc?.result} ${dmarc?.policy ?? '-'}`, expected)
  })
}

test('nobody fails without SPF: where the client is unknown there is no result', async () => {
  assert.equal(await of({spf: undefined}), undefined)
})

test('no author and no record makes it fail otherwise than by a result', async () => {
  for (const address of [
    '',
    '@',
    'a@\x00\r\n.test',
    `a@${'x.'.repeat(40_000)}`,
    '"@reject.test',
    'a@bad.test',
  ]) {
    const dmarc = await of({from: [address]})
    assert.match(dmarc?.result ?? '', /^(?:none|permerror|temperror|fail)$/)
    assert.match(`${dmarc?.domain}${dmarc?.detail}`, /^[ -~]*$/)
  }
})

test('a DNS that is silent is a temperror once the time is over', async () => {
  const silent = limitedResolver(() => new Promise(() => {}), 20)
  const dmarc = await evaluateDmarc({...SUBJECT, from: ['a@reject.test']}, silent)
  assert.equal(dmarc?.result, 'temperror')
})
