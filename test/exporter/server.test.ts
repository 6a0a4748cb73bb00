import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {type TestContext, test} from 'node:test'
import {COUNTERS} from '../../src/bus/counters/table.ts'
import {DEFAULT_LIMITS} from '../../src/bus/minder-table.ts'
import {runService, SERVICES} from '../../src/bus/services.ts'
import {createPublisher} from '../../src/bus/zmq-publisher.ts'
import {startExporter} from '../../src/exporter/server.ts'
import {silentLog} from '../../src/log/log.ts'
import {temporaryFolder, until} from '../support/wait.ts'

/** An exporter; it ends with the test. */
async function start(t: TestContext, folder: string) {
  const end = new AbortController()
  const {port, ended} = await startExporter({
    bus: `ipc://${folder}/outer`,
    responder: `ipc://${folder}/snmp`,
    host: '127.0.0.1',
    port: 0,
    signal: end.signal,
    timeoutMs: 1000,
  })
  t.after(async () => {
    end.abort()
    await ended
  })
  return async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
    return {status: response.status, text: await response.text()}
  }
}

test('without a bus the metrics say so, and nothing is healthy', async t => {
  const get = await start(t, temporaryFolder(t))
  const [metrics, health] = await Promise.all([get('/metrics'), get('/healthz')])
  assert.equal(metrics.status, 200)
  assert.match(metrics.text, /^amavis_up 0$/m)
  assert.deepEqual(health, {status: 503, text: 'no answer from snmp-responder\n'})
})

test('with a bus it is healthy, ready as soon as there is a child, and tells the counters', async t => {
  const folder = temporaryFolder(t)
  const end = new AbortController()
  t.after(() => end.abort())
  const endpoints = {
    inner: `ipc://${folder}/inner`,
    outer: `ipc://${folder}/outer`,
    snmp: `ipc://${folder}/snmp`,
  }
  for (const name of SERVICES) {
    await new Promise<void>(ready => {
      const options = {endpoints, limits: DEFAULT_LIMITS, log: silentLog, signal: end.signal, ready}
      void runService(name, options)
    })
  }
  const get = await start(t, folder)
  await until('a report', async () => (await get('/healthz')).status === 200)
  assert.deepEqual(await get('/readyz'), {status: 503, text: 'the daemon has no children\n'})
  const publisher = createPublisher({endpoints: [endpoints.inner]})
  t.after(() => publisher.close())
  publisher.state('-')
  publisher.counters([{name: 'InMsgs', type: 'C32', value: 3}])
  await until('the child', async () => (await get('/readyz')).status === 200)
  await until('the counter', async () => /^amavis_in_msgs_total 3$/m.test((await get('/metrics')).text))
})

test('other paths and methods are refused', async t => {
  const get = await start(t, temporaryFolder(t))
  assert.equal((await get('/')).status, 404)
  assert.equal((await get('/metrics', {method: 'POST'})).status, 405)
})

test('the dashboard and the alerts ask for metrics that there are', () => {
  const known = new Set(COUNTERS.flatMap(({metric}) => (metric ? [`amavis_${metric.name}`] : [])))
  for (const name of ['amavis_up', 'amavis_report_age_seconds', 'amavis_info']) known.add(name)
  for (const file of ['grafana-dashboard.json', 'prometheus-alerts.yml']) {
    const text = readFileSync(new URL(`../../../docs/monitoring/${file}`, import.meta.url), 'utf8')
    const names = new Set(text.match(/\bamavis_[a-z0-9_]+/g))
    assert.ok(names.size > 8, file)
    for (const name of names) assert.ok(known.has(name), `${name} in ${file}`)
  }
})
