/** The recipes of docs/postfix.md, as they are printed, with a real Postfix and a real daemon. */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {arrived, EICAR, GTUBE, octetsOf, SENDER, send, startSite, USER} from './recipe-site.ts'

/** What a recipe gives Postfix no reason for. */
const COMPLAINTS = /warning|status=(?:deferred|bounced)/

test('after the queue: what is due goes on, once, with its addresses mapped once', async t => {
  const main = `virtual_alias_maps = inline:{{ ${USER} = real@example.com }}\nalways_bcc = archive@example.com`
  const site = await startSite(t, ['After the queue'], {main, conf: '$final_spam_destiny = D_DISCARD;'})
  assert.match(await send(site, {subject: 'clean'}), /^250 /)
  assert.match(await send(site, {subject: 'spam', body: GTUBE}), /^250 /)
  assert.match(await send(site, {subject: 'virus', body: EICAR}), /^250 /)

  const clean = await arrived(site, 'clean')
  assert.deepEqual(clean.flatMap(({recipients}) => recipients).sort(), [
    'archive@example.com',
    'real@example.com',
  ])
  assert.match(String(clean[0]?.octets), /^X-Virus-Scanned: /m)
  assert.match(site.log(), new RegExp(`Passed CLEAN .*\\[127\\.0\\.0\\.1\\]:\\d+ .*<${SENDER}> -> <${USER}>`))
  assert.match(site.log(), /Blocked SPAM/)
  assert.match(site.log(), /Blocked INFECTED/)
  assert.deepEqual([await arrived(site, 'spam'), await arrived(site, 'virus')], [[], []])
  assert.doesNotMatch(site.postfix.log(), COMPLAINTS)
})

test('before the queue: the client hears the verdict; mail of this machine is filtered after the queue', async t => {
  const site = await startSite(t, ['After the queue', 'Before the queue'])
  assert.match(await send(site, {subject: 'clean'}), /^250 2\.0\.0 from MTA/)
  assert.match(await send(site, {subject: 'spam', body: GTUBE}), /^554 5\.7\.0 Reject, id=.* - spam/)
  assert.match(await send(site, {subject: 'virus', body: EICAR}), /^554 5\.7\.0 Reject, id=.* - INFECTED/)
  site.postfix.submit(SENDER, [USER], octetsOf({subject: 'local'}))

  const [clean, ...copies] = await arrived(site, 'clean')
  assert.deepEqual([clean?.recipients, copies], [[USER], []])
  const [local, ...more] = await arrived(site, 'local')
  assert.match(String(local?.octets), /^X-Virus-Scanned: /m)
  assert.deepEqual(more, [])
  assert.equal(site.mails.length, 2)
  assert.doesNotMatch(site.postfix.log(), COMPLAINTS)
})

test('milter: the client hears the verdict, and Postfix keeps the mail', async t => {
  const site = await startSite(t, ['After the queue', 'Milter'])
  assert.match(await send(site, {subject: 'clean'}), /^250 2\.0\.0 Ok: queued/)
  assert.match(await send(site, {subject: 'spam', body: GTUBE}), /^554 5\.7\.0 Reject, id=.* - spam/)
  assert.match(await send(site, {subject: 'virus', body: EICAR}), /^554 5\.7\.0 Reject, id=.* - INFECTED/)
  const [clean, ...copies] = await arrived(site, 'clean')
  assert.match(String(clean?.octets), /^X-Virus-Scanned: /m)
  assert.deepEqual(copies, [])
  assert.equal(site.mails.length, 1)
  assert.match(site.log(), /Passed CLEAN \{AcceptedInbound\}, AM\.PDP-SOCK /)
})
