import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {mayHaveAttempts, openAttempts} from '../../src/store/attempts.ts'
import {temporaryFolder} from '../support/wait.ts'

const DAY = 86_400_000
const KEY = Buffer.from('key')

test('what one child remembers another recalls, for five days', t => {
  const file = path.join(temporaryFolder(t), 'attempts.sqlite')
  let now = Date.now()
  assert.ok(!mayHaveAttempts(file, now))
  const one = openAttempts(file, {now: () => now})
  const other = openAttempts(file, {now: () => now})
  one.remember(KEY, new Map([['quarantine local:x', 'spam-1']]))
  assert.deepEqual([...other.recall(KEY)], [['quarantine local:x', 'spam-1']])
  assert.deepEqual([...other.recall(Buffer.from('other'))], [])
  assert.ok(mayHaveAttempts(file, now))
  now += 5 * DAY
  assert.deepEqual([...other.recall(KEY)], [])
  assert.ok(!mayHaveAttempts(file, now + DAY))
  one.close()
  other.close()
})

test('there are only so many entries; the oldest go', t => {
  let now = Date.now()
  const attempts = openAttempts(path.join(temporaryFolder(t), 'a.sqlite'), {now: () => now++, most: 100})
  for (let n = 0; n < 501; n++) attempts.remember(Buffer.from(`k${n}`), new Map([['w', 'v']]))
  assert.equal(attempts.recall(Buffer.from('k300')).size, 0)
  assert.equal(attempts.recall(Buffer.from('k500')).size, 1)
  attempts.close()
})

test('a file that is no database is an error', t => {
  const file = path.join(temporaryFolder(t), 'a.sqlite')
  writeFileSync(file, 'x'.repeat(5000))
  assert.throws(() => openAttempts(file))
})
