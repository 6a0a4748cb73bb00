/**
 * run-anvil — a process as the counting server: pid file, socket, user, then requests until a signal.
 *
 * The socket is bound before root is given up, as its folder belongs to Postfix. SIGHUP and `reload` take new
 * settings and keep the table; SIGTERM, SIGINT and SIGQUIT end it, with a last report.
 */
import {rmSync} from 'node:fs'
import {leaveRoot} from '../bus/leave-root.ts'
import {silentPublisher} from '../bus/publisher.ts'
import {createPublisher} from '../bus/zmq-publisher.ts'
import {AmavisError, errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import {openControlSocket} from '../process/control-socket.ts'
import {leavePidFile, takePidFile} from '../process/pid-file.ts'
import {bindUnixPath} from '../process/unix-path.ts'
import type {AnvilReply, AnvilRequest} from './control.ts'
import {RequestCounts} from './counters.ts'
import {openAnvilLog} from './log.ts'
import {Peaks} from './peaks.ts'
import {type AnvilOrder, type AnvilPlan, anvilPlan} from './plan.ts'
import {ANVIL_PROGRAM, ANVIL_TITLE} from './program.ts'
import {createAnvilServer} from './server.ts'
import {openStore} from './stores.ts'

const PUBLISH_MS = 5000
const TIDY_MS = 250
const OWN_SOCKET_MODE = 0o660

/**
 * Be the server; resolves when it was told to stop.
 * @param ready called once it answers
 * @throws AmavisError AM_CONFIG or AM_DAEMON when it cannot start
 */
export async function runAnvil(order: AnvilOrder, ready: () => void): Promise<void> {
  process.title = ANVIL_TITLE
  let plan = anvilPlan(order)
  const {log, close: closeLog} = openAnvilLog(plan)
  takePidFile(plan.pidFile, ANVIL_PROGRAM)
  const startedAt = performance.now()
  const store = openStore(plan.store, plan.unit)
  const peaks = new Peaks()
  const counts = new RequestCounts()
  const server = createAnvilServer(store, peaks, plan.rules, {log, asked: request => counts.add(request)})
  const stop = new AbortController()
  let isBound = false
  try {
    await bindSocket(plan, own => server.listen(own))
    isBound = true
    leaveRoot(plan)
    await bindOwnSocket(plan, own => server.listen(own, true))
    const publisher = plan.bus.length > 0 ? createPublisher({endpoints: plan.bus, log}) : silentPublisher
    const report = () => {
      for (const line of peaks.report(store.unit)) log.write(1, line)
    }
    let reporting = setInterval(report, plan.reportEveryMs)
    const publishing = setInterval(
      () => counts.publish(publisher, store.size, server.connections),
      PUBLISH_MS,
    )
    const tidying = setInterval(() => store.tidy(), TIDY_MS)
    const reload = (): readonly string[] => {
      const next = anvilPlan(order)
      store.unit = next.unit
      server.rules = next.rules
      clearInterval(reporting)
      reporting = setInterval(report, next.reportEveryMs)
      const kept = unchangeable(plan, next)
      const {socket, ownSocket, controlSocket, pidFile} = plan
      plan = {...next, socket, ownSocket, controlSocket, pidFile}
      log.write(1, 'reloaded')
      return kept
    }
    const control = await openControlSocket<AnvilRequest, AnvilReply>(plan.controlSocket, async request => {
      if (request.command === 'reload') return {kind: 'ok', warnings: reload()}
      return {
        kind: 'ok',
        pid: process.pid,
        unit: store.unit,
        upSeconds: Math.floor((performance.now() - startedAt) / 1000),
        connections: server.connections,
        size: store.size,
        requests: counts.total,
        clients: await store.busiest(request.limit),
      }
    })
    onSignals(stop, () => reloadOnSignal(reload, log))
    ready()
    await new Promise<void>(resolve => stop.signal.addEventListener('abort', () => resolve(), {once: true}))
    clearInterval(reporting)
    clearInterval(publishing)
    clearInterval(tidying)
    control.close()
    server.close()
    rmSync(plan.controlSocket, {force: true})
    counts.publish(publisher, store.size, 0)
    report()
    await publisher.close()
  } finally {
    server.close()
    if (isBound) {
      removeQuietly(plan.socket)
      removeQuietly(plan.ownSocket)
    }
    leavePidFile(plan.pidFile)
    await closeLog()
  }
}

async function bindSocket(
  {socket, socketMode}: AnvilPlan,
  listen: (path: string) => Promise<void>,
): Promise<void> {
  try {
    await bindUnixPath(socket, {mode: socketMode, owner: undefined}, listen)
  } catch (error) {
    const advice = /another process listens/.test(errorText(error))
      ? '; is the anvil line still in master.cf?'
      : ''
    throw new AmavisError('AM_DAEMON', `cannot listen on ${socket}: ${errorText(error)}${advice}`, {
      cause: error,
    })
  }
}

/** For the daemon's children, who may not go into Postfix's folder; they are the user that we are by now. */
async function bindOwnSocket(
  {socket, ownSocket}: AnvilPlan,
  listen: (path: string) => Promise<void>,
): Promise<void> {
  if (ownSocket === '' || ownSocket === socket) return
  try {
    await bindUnixPath(ownSocket, {mode: OWN_SOCKET_MODE, owner: undefined}, listen)
  } catch (error) {
    throw new AmavisError('AM_DAEMON', `cannot listen on ${ownSocket}: ${errorText(error)}`, {cause: error})
  }
}

function unchangeable(before: AnvilPlan, after: AnvilPlan): readonly string[] {
  return (
    [
      ['socket', '$anvil_socket'],
      ['ownSocket', '$smtpd_anvil_socket'],
      ['store', '$anvil_store'],
      ['controlSocket', '$anvil_control_socket'],
      ['pidFile', '$anvil_pid_file'],
    ] as const
  ).flatMap(([key, name]) =>
    before[key] === after[key] ? [] : [`${name} stays ${before[key]} until the next start`],
  )
}

function onSignals(stop: AbortController, reload: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, () => stop.abort())
  process.on('SIGHUP', reload)
  process.on('SIGUSR1', () => {}) // would open Node's inspector
}

function reloadOnSignal(reload: () => readonly string[], log: Log): void {
  try {
    for (const line of reload()) log.write(-1, `warning: ${line}`)
  } catch (error) {
    for (const line of errorText(error).split('\n')) log.write(-2, `error: not reloaded: ${line}`)
  }
}

/** Its folder may no longer be ours to change; a dead socket is found out at the next start. */
function removeQuietly(file: string): void {
  try {
    rmSync(file, {force: true})
  } catch {
    // told above
  }
}
