import assert from 'node:assert/strict'
import {createSocket} from 'node:dgram'
import {once} from 'node:events'
import type {AddressInfo} from 'node:net'
import test from 'node:test'
import {
  askFingerprint,
  type Fingerprint,
  fingerprintField,
  fingerprintService,
} from '../../src/checks/fingerprint.ts'
import type {Log} from '../../src/log/log.ts'
import {settingsFrom} from '../session/smtp/harness.ts'

const log: Log = {enabled: () => true, write: () => {}, forTask: () => log} as unknown as Log
const client = {address: '192.0.2.7', port: '40123'}

/** Ask a service that answers each question as told. */
async function ask(
  reply: (question: string) => string | undefined,
  more: Readonly<Record<string, string | number>> = {},
): Promise<{questions: string[]; found: Fingerprint | undefined}> {
  const service = createSocket('udp4')
  const questions: string[] = []
  service.on('message', (datagram, from) => {
    questions.push(datagram.toString())
    const answer = reply(datagram.toString())
    if (answer !== undefined) service.send(answer, from.port, from.address)
  })
  service.bind(0, '127.0.0.1')
  await once(service, 'listening')
  const {port} = service.address() as AddressInfo
  try {
    const settings = settingsFrom({
      $os_fingerprint_method: `p0f:127.0.0.1:${port}`,
      $os_fingerprint_dst_ip_and_port: undefined,
      $originating: 0,
      ...more,
    })
    return {found: await askFingerprint(client, settings, log)?.answer(), questions}
  } finally {
    service.close()
  }
}

test('the answer to our own question is the fingerprint', async () => {
  const {found, questions} = await ask(question => `${question} Linux 3.x (up: 3 hrs)\n`)
  assert.match(questions[0]!, /^\[192\.0\.2\.7\]:40123 [0-9a-f]{16}$/)
  assert.deepEqual(found, {text: 'Linux 3.x (up: 3 hrs)', client})
  assert.equal(fingerprintField(found!), 'Linux 3.x (up: 3 hrs), [192.0.2.7]:40123')
})

test('the destination is told where it is set', async () => {
  const {questions} = await ask(question => `${question} x`, {
    $os_fingerprint_dst_ip_and_port: '[198.51.100.1]:25',
  })
  assert.match(questions[0]!, /^\[192\.0\.2\.7\]:40123 \[198\.51\.100\.1\]:25 [0-9a-f]{16}$/)
})

for (const [title, reply] of [
  ['silent', () => undefined],
  ['answering somebody else', (question: string) => `${question.slice(0, -1)}x Windows`],
  ['without an opinion', (question: string) => `${question} \n`],
] as const) {
  test(`a service that is ${title} costs a moment and no more`, async () => {
    const before = performance.now()
    assert.equal((await ask(reply)).found, undefined)
    assert(performance.now() - before < 1000)
  })
}

test('mail of our own is not asked about', async () => {
  const {found, questions} = await ask(() => 'x', {$originating: 1})
  assert.deepEqual([found?.text, questions], ['MYNETWORKS', []])
})

test('nobody is asked without a method or a client', () => {
  const settings = (method: string | undefined) =>
    settingsFrom({
      $os_fingerprint_method: method,
      $os_fingerprint_dst_ip_and_port: undefined,
      $originating: 0,
    })
  assert.equal(askFingerprint(client, settings(undefined), log), undefined)
  assert.equal(askFingerprint(undefined, settings('p0f:127.0.0.1:1'), log), undefined)
  assert.equal(askFingerprint(client, settings('/run/p0f.sock'), log), undefined)
})

test('a method names host and port', () => {
  assert.deepEqual(fingerprintService('p0f:127.0.0.1:2345'), {host: '127.0.0.1', port: 2345})
  assert.deepEqual(fingerprintService('p0f:[::1]:2345'), {host: '::1', port: 2345})
  assert.equal(fingerprintService('p0f:127.0.0.1:0'), undefined)
})

test('control characters of an answer stay out of the header', () => {
  assert.equal(fingerprintField({text: 'a\u001b[1m\u0000', client}), 'a?[1m?, [192.0.2.7]:40123')
})
