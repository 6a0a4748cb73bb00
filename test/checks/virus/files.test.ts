import assert from 'node:assert/strict'
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {writeFiles} from '../../../src/checks/virus/files.ts'
import {octetsOf} from '../../../src/message/octets.ts'
import {makePart} from '../../../src/message/part.ts'
import {temporaryFolder} from '../../support/wait.ts'
import {partsOf} from './fakes.ts'

const MAIL =
  'Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Transfer-Encoding: base64\n\neA==\n--b--\n'
const mail = octetsOf(Buffer.from(MAIL))

test('parts with content are files with their names, and the mail is the last; the group may read them', async t => {
  const folder = path.join(temporaryFolder(t), 'parts')
  const before = process.umask(0o077)
  const written = await writeFiles(mail, partsOf(MAIL), folder).finally(() => process.umask(before))
  assert.deepEqual(written, {folder, names: readdirSync(folder).sort()})
  assert.deepEqual(
    written.names.map(name => readFileSync(path.join(folder, name), 'latin1').slice(0, 4)),
    ['text', 'x', 'Cont'],
  )
  assert.equal(statSync(path.dirname(folder)).mode & 0o777, 0o750)
  assert.equal(statSync(folder).mode & 0o777, 0o750)
  for (const name of written.names) assert.equal(statSync(path.join(folder, name)).mode & 0o777, 0o640)
})

test('a large member stays the file that it is, and a large mail is not written again', async t => {
  const home = temporaryFolder(t)
  const folder = path.join(home, 'parts')
  mkdirSync(folder)
  const email = path.join(home, 'email.txt')
  const member = path.join(folder, 'p004')
  writeFileSync(email, MAIL)
  writeFileSync(member, 'large')
  const part = makePart({number: 4, parent: 3, placement: '1/1', size: 5, path: member})
  const octets = {size: MAIL.length, memory: undefined, path: email}
  const {names} = await writeFiles(octets, [part], folder)
  assert.deepEqual(names, ['p004', 'p005'])
  assert.equal(readFileSync(member, 'latin1'), 'large')
  assert.equal(statSync(path.join(folder, 'p005')).ino, statSync(email).ino)
})
