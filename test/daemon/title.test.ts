import assert from 'node:assert/strict'
import {test} from 'node:test'
import {childTitle, Title} from '../../src/daemon/title.ts'
import {until} from '../support/wait.ts'

test('a child is called by what it has done and does', () => {
  assert.equal(childTitle(0, 'avail'), 'amavis (virgin child)')
  assert.equal(childTitle(3, 'avail'), 'amavis (ch3-avail)')
  assert.equal(childTitle(3, '04711-03'), 'amavis (ch3-04711-03)')
})

test('of titles that come fast upon each other the first is shown at once, and the last when it has stood', async () => {
  const shown: string[] = []
  const title = new Title(text => shown.push(text))
  for (const text of ['one', 'two', 'three']) title.show(() => text)
  assert.deepEqual(shown, ['one'])
  await until('the last title', () => shown.length === 2)
  assert.deepEqual(shown, ['one', 'three'])
  title.end('finish')
  assert.equal(shown.at(-1), 'finish')
})
