import assert from 'node:assert/strict'
import {chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {after, test} from 'node:test'
import {checkConfigFile} from '../../src/config/file-check.ts'
import {answerCommand, canonicalName} from '../../src/config/host.ts'
import {runParts} from '../../src/config/load.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'amavis-files-'))
after(() => rmSync(folder, {recursive: true}))

test('a folder of layers gives the names that run-parts would take, in octet order', () => {
  const layers = path.join(folder, 'conf.d')
  mkdirSync(layers)
  for (const name of ['50-user', '05-node_id', '15-av.bak', '20-x~', 'Z1', '.hidden'])
    writeFileSync(path.join(layers, name), '')
  assert.deepEqual(
    runParts(layers).map(name => path.basename(name)),
    ['05-node_id', '50-user', 'Z1'],
  )
  assert.deepEqual(runParts(path.join(folder, 'none')), [])
})

test('a configuration file is a file', () => {
  assert.equal(checkConfigFile(path.join(folder, 'none'), undefined), 'does not exist')
  assert.equal(checkConfigFile(folder, undefined), 'is a directory')
  assert.equal(checkConfigFile('/dev/null', undefined), 'is a device')
})

test(
  'a configuration file belongs to root and not to the daemon',
  {skip: process.getuid?.() !== 0 && 'needs root'},
  () => {
    const file = path.join(folder, 'owned')
    writeFileSync(file, '')
    assert.equal(checkConfigFile(file, {effectiveUid: 1000}), undefined)
    assert.equal(checkConfigFile(file, {effectiveUid: 0}), undefined)
    chmodSync(file, 0o666)
    assert.equal(checkConfigFile(file, {effectiveUid: 1000}), 'can be written by everybody')
  },
)

test('a file of an ordinary user is refused', () => {
  const file = path.join(folder, 'mine')
  writeFileSync(file, '')
  const own = process.getuid?.() ?? 0
  const uid = own === 0 ? 65_534 : own
  if (own === 0) chownSync(file, uid, uid)
  assert.match(checkConfigFile(file, {effectiveUid: uid}) ?? '', /owned by the user of the daemon/)
  assert.match(checkConfigFile(file, {effectiveUid: uid + 1}) ?? '', /expected root/)
})

test('the canonical name is the one with a dot beside the node name', () => {
  const hosts = '127.0.0.1 localhost localhost.localdomain\n192.0.2.1 mx.example.com mx # mx.comment.test\n'
  assert.equal(canonicalName('mx', hosts), 'mx.example.com')
  assert.equal(canonicalName('other', hosts), 'other')
  assert.equal(canonicalName('full.example.com', ''), 'full.example.com')
})

test('a few commands are answered, all others are not', () => {
  const host = {hostname: 'mx', fqdn: 'mx.example.com', mailname: 'example.com'}
  assert.equal(answerCommand(host, 'hostname'), 'mx\n')
  assert.equal(answerCommand(host, '/bin/hostname  --fqdn'), 'mx.example.com\n')
  assert.equal(answerCommand(host, 'head -n 1 /etc/mailname'), 'example.com\n')
  assert.equal(answerCommand(host, 'hostname; rm -rf /'), undefined)
})
