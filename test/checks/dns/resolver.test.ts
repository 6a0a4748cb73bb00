import assert from 'node:assert/strict'
import {test} from 'node:test'
import {limitedResolver, type Resolve} from '../../../src/checks/dns/resolver.ts'

const records = (give: () => unknown) => (async () => give()) as Resolve

test('a DNS that does not answer is a failure after the time that is left', async () => {
  const resolve = limitedResolver(() => new Promise(() => {}), 20)
  await assert.rejects(resolve('s._domainkey.example.org', 'TXT'), {code: 'ETIMEOUT'})
  await assert.rejects(resolve('t._domainkey.example.org', 'TXT'), {code: 'ETIMEOUT'})
})

test('one mail asks for twenty names at most', async () => {
  let asked = 0
  const resolve = limitedResolver(
    records(() => [[`p=${++asked}`]]),
    10_000,
  )
  for (let n = 0; n < 20; n++) await resolve(`s${n}._domainkey.example.org`, 'TXT')
  await assert.rejects(resolve('one._domainkey.too.many', 'TXT'), {code: 'ETOOMANY'})
  assert.equal(asked, 20)
})
