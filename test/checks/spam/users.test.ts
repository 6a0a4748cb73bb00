import assert from 'node:assert/strict'
import test from 'node:test'
import {scanUsers} from '../../../src/checks/spam/users.ts'
import {spamMail} from './support.ts'

const users = (conf: string, ...recipients: string[]) => {
  const {envelope, settings} = spamMail('\n', {conf, recipients})
  return scanUsers(envelope, settings)
}

test('without maps there is one scan for all', () => {
  assert.deepEqual(users('', 'a@x.test', 'b@x.test'), [{name: '', preferences: '', recipients: undefined}])
})

test('recipients with the same name and preferences share a scan', () => {
  const conf = `@sa_username_maps = ({'a@x.test' => 'ann', 'c@x.test' => 'ann', 'b@x.test' => 'bob'});
    @sa_userconf_maps = ({'b@x.test' => '/etc/bob.cf'});`
  assert.deepEqual(users(conf, 'a@x.test', 'b@x.test', 'c@x.test'), [
    {name: 'ann', preferences: '', recipients: [0, 2]},
    {name: 'bob', preferences: '/etc/bob.cf', recipients: [1]},
  ])
  assert.deepEqual(users(conf, 'a@x.test', 'c@x.test'), [
    {name: 'ann', preferences: '', recipients: undefined},
  ])
})

test('a line end in a name does not reach the protocol of a daemon', () => {
  const [user] = users(`@sa_username_maps = ("a\\r\\nTell: x");`, 'a@x.test')
  assert.equal(user?.name, 'aTell: x')
})
