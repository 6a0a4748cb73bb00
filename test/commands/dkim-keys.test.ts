import assert from 'node:assert/strict'
import {chmodSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {amavis, binary, runAmavis} from '../support/amavis.ts'
import {startNameServer} from '../support/dns.ts'
import {temporaryFolder} from '../support/wait.ts'

const amavisd = (...args: string[]) => runAmavis(args, {file: binary('amavisd.js')})

test('keys that are made are shown, and pass once the DNS has what was shown', async t => {
  const home = temporaryFolder(t)
  const at = (name: string) => path.join(home, name)
  const [usual, large, edwards] = await Promise.all([
    amavis('genrsa', at('rsa.pem')),
    amavisd('genrsa', at('large.pem'), '3072'),
    amavis('genkey', '--ed25519', at('ed.pem')),
  ])
  for (const {status, stdout, stderr} of [usual, large, edwards]) {
    assert.deepEqual([status, stdout], [0, ''])
    assert.match(stderr, /^A private /)
  }
  for (const name of ['rsa.pem', 'large.pem', 'ed.pem'])
    assert.equal(statSync(at(name)).mode & 0o777, 0o600, name)

  const before = readFileSync(at('rsa.pem'))
  const again = await amavis('genrsa', at('rsa.pem'))
  assert.equal(again.status, 1)
  assert.match(again.stderr, /exists already/)
  assert.ok(readFileSync(at('rsa.pem')).equals(before))

  const records = new Map<string, string>()
  const server = await startNameServer(t, records)
  writeFileSync(
    at('amavisd.conf'),
    `@dns_servers = ('${server}');
dkim_key('example.com', 'r', '${at('rsa.pem')}');
dkim_key('example.com', 'l', '${at('large.pem')}');
dkim_key('example.net', 'e', '${at('ed.pem')}');\n`,
  )
  const shown = await amavis('showkeys', '-c', at('amavisd.conf'))
  assert.deepEqual([shown.status, shown.stderr], [0, ''])
  assert.deepEqual(shown.stdout.match(/^;.*$/gm), [
    `; key#1 2048 bits, s=r, d=example.com, ${at('rsa.pem')}`,
    `; key#2 3072 bits, s=l, d=example.com, ${at('large.pem')}`,
    `; key#3 256 bits, s=e, d=example.net, ${at('ed.pem')}`,
  ])

  const missing = await amavis('testkeys', 'Example.NET', '-c', at('amavisd.conf'))
  assert.deepEqual(missing, {
    status: 1,
    stdout: 'TESTING#3 example.net: e._domainkey.example.net => invalid (public key: not available)\n',
    stderr: '',
  })

  for (const [, name = '', text = ''] of shown.stdout.matchAll(/^(\S+)\.\t3600 TXT \(\n([^)]*)\)/gm))
    records.set(name, [...text.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join(''))
  assert.deepEqual(await amavisd('-c', at('amavisd.conf'), 'testkeys'), {
    status: 0,
    stdout: [
      'TESTING#1 example.com: r._domainkey.example.com => pass\n',
      'TESTING#2 example.com: l._domainkey.example.com => pass\n',
      'TESTING#3 example.net: e._domainkey.example.net => pass\n',
    ].join(''),
    stderr: '',
  })
})

test('a key that everybody may read is warned of, by showkeys and by config check', async t => {
  const home = temporaryFolder(t)
  const key = path.join(home, 'key.pem')
  const file = path.join(home, 'amavisd.conf')
  await amavis('genkey', '--ed25519', key)
  chmodSync(key, 0o644)
  writeFileSync(file, `$myhostname = 'mx.example.com';\ndkim_key('example.com', 's', '${key}');\n`)
  const [shown, checked, unknown] = await Promise.all([
    amavis('showkeys', '-c', file),
    amavis('config', 'check', file),
    amavis('showkeys', 'example.net', '-c', file),
  ])
  const warning = `the private key in "${key}" can be used by everybody on this machine`
  assert.deepEqual([shown.status, shown.stderr], [0, `${warning}\n`])
  const page = `${checked.stdout}${checked.stderr}`.replace(/\s+/g, ' ')
  assert.ok(page.includes(`warning: ${warning}`), page)
  assert.deepEqual(
    [unknown.status, unknown.stdout, unknown.stderr],
    [1, '', 'no dkim_key is for example.net\n'],
  )
})

test('a key list of dkim-milter becomes statements that can be loaded', async t => {
  const home = temporaryFolder(t)
  const at = (name: string) => path.join(home, name)
  await amavis('genrsa', at('s1.pem'))
  writeFileSync(at('list'), `*@example.com:example.com:${at('s1')}\n`)
  const converted = await amavisd('convert_keysfile', at('list'))
  assert.deepEqual([converted.status, converted.stderr], [0, ''])
  writeFileSync(at('amavisd.conf'), converted.stdout)
  const shown = await amavis('showkeys', '-c', at('amavisd.conf'))
  assert.match(shown.stdout, /^; key#1 2048 bits, s=s1, d=example\.com, .*\/s1\.pem\n/)

  writeFileSync(at('list'), 'nonsense\n')
  const refused = await amavis('convert_keysfile', at('list'))
  assert.deepEqual(refused, {
    status: 1,
    stdout: '',
    stderr: `${at('list')}:1: expected sender-pattern:signing-domain:key-file, found "nonsense"\n`,
  })
})
