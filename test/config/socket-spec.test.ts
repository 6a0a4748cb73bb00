import assert from 'node:assert/strict'
import {test} from 'node:test'
import {isLocalOnly, parseSocket, socketKey} from '../../src/config/socket-spec.ts'

const BIND = ['127.0.0.1', '[::1]']

const TABLE: readonly (readonly [string, readonly string[]])[] = [
  ['10024', ['127.0.0.1:10024', '[::1]:10024']],
  ['inet:10024', ['127.0.0.1:10024', '[::1]:10024']],
  ['192.0.2.1:10024', ['192.0.2.1:10024']],
  ['inet:192.0.2.1:10024', ['192.0.2.1:10024']],
  ['[::1]:10026', ['[::1]:10026']],
  ['inet6:[2001:db8::1]:10026', ['[2001:db8::1]:10026']],
  ['localhost:10024', ['localhost:10024']],
  ['*:10024', ['*:10024']],
  ['/var/lib/amavis/amavisd.sock', ['/var/lib/amavis/amavisd.sock']],
  ['unix:/run/a b.sock', ['/run/a b.sock']],
]

for (const [text, keys] of TABLE) {
  test(`a socket "${text}" is ${keys.join(' and ')}`, () => {
    const specs = parseSocket(text, BIND)
    assert.ok(typeof specs !== 'string')
    assert.deepEqual(specs.map(socketKey), keys)
  })
}

for (const text of ['0', '65536', 'smtp', '::1:25', '127.0.0.1', 'inet:', 'unix:', '[::1]']) {
  test(`a socket "${text}" is refused with what was expected`, () => {
    assert.match(String(parseSocket(text, BIND)), /^cannot listen on ".*": expected a port, host:port/)
  })
}

test('an empty $inet_socket_bind is every address', () => {
  assert.deepEqual(parseSocket('25', ['']), [{kind: 'inet', host: '', port: 25}])
})

test('only loopback and Unix sockets are local', () => {
  const local = (text: string) => (parseSocket(text, ['']) as never[]).every(isLocalOnly)
  assert.deepEqual(
    ['127.0.0.1:1', '127.8.8.8:1', '[::1]:1', '/s', '*:1', '0.0.0.0:1', '[::]:1', '192.0.2.1:1', '1'].map(
      local,
    ),
    [true, true, true, true, false, false, false, false, false],
  )
})
