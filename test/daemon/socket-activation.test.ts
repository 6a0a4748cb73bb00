import assert from 'node:assert/strict'
import {test} from 'node:test'
import {takeActivatedSockets} from '../../src/daemon/socket-activation.ts'

const WE = {pid: 100, ppid: 99}

test('descriptors are taken by whom they are for, and the variables with them', () => {
  const env = {LISTEN_PID: '100', LISTEN_FDS: '2', LISTEN_FDNAMES: 'smtp:', HOME: '/'}
  assert.deepEqual(takeActivatedSockets(env, WE), [
    {fd: 3, name: 'smtp'},
    {fd: 4, name: ''},
  ])
  assert.deepEqual(env, {HOME: '/'})
  assert.deepEqual(takeActivatedSockets({LISTEN_PID: '99', LISTEN_FDS: '1'}, WE), [{fd: 3, name: ''}])
})

test('those of somebody else are left alone', () => {
  for (const env of [
    {},
    {LISTEN_PID: '7', LISTEN_FDS: '1'},
    {LISTEN_PID: '100'},
    {LISTEN_PID: '100', LISTEN_FDS: 'x'},
  ])
    assert.deepEqual(takeActivatedSockets(env, WE), [])
})
