/**
 * mail-service — what a child does for a living: the session, the pipeline and the bus, put together.
 */
import net from 'node:net'
import {createForwarder, forwarderDeps} from '../actions/forward/forwarder.ts'
import {MailIds} from '../actions/mail-id.ts'
import {type Publisher, silentPublisher} from '../bus/publisher.ts'
import {ScannerStates} from '../bus/scanner-state.ts'
import {createPublisher} from '../bus/zmq-publisher.ts'
import {resolverFor} from '../checks/dns/resolver-for.ts'
import {SpamScanners} from '../checks/spam/scanners.ts'
import {VirusScanners} from '../checks/virus/scanners.ts'
import type {Settings} from '../config/settings.ts'
import {type SocketSpec, socketKey} from '../config/socket-spec.ts'
import {createDecoders} from '../decode/decoders.ts'
import {EntryCounts} from '../log/entry-counts.ts'
import type {Log} from '../log/log.ts'
import type {Listener} from '../message/envelope.ts'
import {createFilter} from '../pipeline/filter.ts'
import {KeptCopies} from '../pipeline/kept-copies.ts'
import {quarantine} from '../pipeline/quarantining.ts'
import type {ChildServices} from '../pipeline/services.ts'
import {type Admission, admit} from '../session/access.ts'
import type {Peer} from '../session/conversation.ts'
import type {ClientGates} from '../session/limits/gates.ts'
import {limitsOf} from '../session/limits/limits.ts'
import type {Manners} from '../session/milter/manners.ts'
import {Pressure} from '../session/pressure.ts'
import type {Release} from '../session/release.ts'
import {Spool} from '../session/spool.ts'
import {TaskIds} from '../session/task-ids.ts'
import type {Service} from './child.ts'
import {conversation} from './protocols.ts'
import {childTitle, type Title} from './title.ts'

export interface MailService extends Service {
  /** An entry was written to the log; it goes to the bus, too. */
  logged(level: number, text: string): void
  /** what this child has at hand, for the start-up log */
  loaded(): Promise<readonly string[]>
}

export async function createMailService({
  settings,
  log,
  title,
  spamHelper,
  announces,
  manners,
  answered,
  publisher = publisherFor(settings, log),
  taskIds = new TaskIds(process.pid),
}: {
  settings: Settings
  log: Log
  title: Title
  /** where the SpamAssassin helper listens */
  spamHelper?: string | undefined
  /** the generation that this child is the first of, and tells the bus about */
  announces?: number | undefined
  /** of a milter */
  manners?: Manners | undefined
  /** of a milter: a mail has its answer */
  answered?: () => void
  /** several services of a process may share one */
  publisher?: Publisher
  taskIds?: TaskIds
}): Promise<MailService> {
  const base = settings.string('$TEMPBASE') ?? ''
  const spool = new Spool({
    base,
    log,
    preserving: settings.flag('$allow_preserving_evidence'),
  })
  const product = {
    name: settings.string('$myproduct_name') ?? 'amavis',
    version: settings.string('$myversion_id') ?? '',
  }
  const stop = new AbortController()
  const pressure = new Pressure()
  const entries = new EntryCounts()
  const forwarder = createForwarder(forwarderDeps(settings))
  const scannerStates = new ScannerStates(publisher)
  const reportScanner: ChildServices['reportScanner'] = (name, condition, reason) =>
    scannerStates.report(name, condition, reason)
  const scanners = new VirusScanners({log, report: reportScanner})
  const partsFolder = () => spool.partsFolder()
  const spamScanners = new SpamScanners({settings, log, spamHelper, report: reportScanner})
  const decoders = createDecoders({base, folder: partsFolder})
  const hooksFile = settings.string('$custom_hooks')
  const hooks = hooksFile
    ? (await import('../pipeline/hooks/load.ts')).hooksFrom(hooksFile, reason => log.write(-2, reason))
    : undefined
  const keptCopies = new KeptCopies(settings.string('$attempts_database') ?? '', log)
  const shared = {
    forwarder,
    publishing: publisher !== silentPublisher,
    mailIds: new MailIds(settings.number('$mail_id_size_bits')),
    takeLogCounts: () => entries.take(),
    log,
  }
  const filter = createFilter({
    ...shared,
    scanners,
    partsFolder,
    quarantine,
    keptCopies,
    hooks,
    spamScanners,
    reportScanner,
    decoders,
    resolve: resolverFor(settings),
    isNewVirus: async names => {
      const {addNames} = await import('../actions/notify/seen-names.ts')
      return addNames(`${settings.string('$MYHOME') ?? ''}/viruses-seen`, names)
    },
    publisher,
  })
  const release: Release = async request => {
    // Few children are ever asked.
    const {release} = await import('../pipeline/releasing.ts')
    return release(request, {...shared, spool, publish: publisher.count.bind(publisher)})
  }
  const titled = withTitle(publisher, taskIds, title)
  let gates: ClientGates | undefined
  const limiting = async () => {
    const {ClientGates} = await import('../session/limits/gates.ts')
    gates ??= new ClientGates({path: settings.string('$smtpd_anvil_socket') ?? '', log, publisher})
    return gates
  }
  publisher.state('-')
  const announcing =
    announces !== undefined && publisher !== silentPublisher
      ? announceGeneration(publisher, announces, settings)
      : undefined
  return {
    get tasks() {
      return taskIds.tasks
    },
    loaded: async () => [
      ...scanners.describe(settings),
      ...(await spamScanners.describe(settings)),
      ...withoutStore(settings),
    ],
    logged(level, text) {
      entries.add(level)
      publisher.log(level, text)
    },
    async serve(socket, spec) {
      publisher.state('A')
      const listener = listenerOf(socket, spec)
      const report = (line: string, level: number) => log.write(level, line)
      const refuse = (why: string) => {
        log.write(-1, why)
        socket.destroy()
        publisher.state('-')
      }
      const admission = admit({remoteAddress: socket.remoteAddress, listener}, settings, report)
      if (admission.kind === 'refused') return refuse(admission.log)
      let peer: Peer | undefined
      if (admission.settings.flag('$haproxy_target_enabled')) {
        const {awaitProxyHeader} = await import('../session/proxied-client.ts')
        const announced = await awaitProxyHeader(socket)
        if (announced.kind === 'failed') return refuse(`PROXY protocol: ${announced.reason}`)
        peer = announced.client
        // The proxy may talk to us; so must he for whom it does.
        const admitted = admit(
          {remoteAddress: peer?.address ?? socket.remoteAddress, listener},
          settings,
          report,
        )
        if (admitted.kind === 'refused') return refuse(admitted.log)
      }
      const converse = conversation(admission.protocol)
      if (!converse) {
        const {protocol} = admission
        return refuse(`protocol ${protocol} is not available, closing the connection on ${socketKey(spec)}`)
      }
      await converse(socket, {
        settings: admission.settings,
        listener,
        peer,
        gate: isLimited(admission)
          ? (await limiting()).gateFor(admission.settings, listener, peer?.address ?? socket.remoteAddress)
          : undefined,
        filter,
        release,
        manners,
        answered,
        publisher: titled,
        log,
        taskIds,
        spool,
        product,
        stop: stop.signal,
        pressure,
      })
      publisher.state('-')
    },
    stopSoon: () => stop.abort(),
    setPressure: on => pressure.set(on),
    async finish() {
      clearInterval(announcing)
      decoders.close()
      scanners.close()
      spamScanners.close()
      keptCopies.close()
      gates?.close()
      await spool.close()
      await forwarder.close()
      await publisher.close()
    },
  }
}

/** Whether clients of this kind are counted; nothing is loaded where none are. */
function isLimited({settings, protocol}: Extract<Admission, {kind: 'admitted'}>): boolean {
  return limitsOf(settings) !== undefined && (protocol === 'SMTP' || protocol === 'LMTP')
}

/** The bus as the configuration has it. */
export function publisherFor(settings: Settings, log: Log): Publisher {
  return settings.flag('$enable_zmq')
    ? createPublisher({endpoints: settings.list('@zmq_sockets').map(String), log})
    : silentPublisher
}

/** What is configured and does nothing, as nobody remembers what our users sent. */
function withoutStore(settings: Settings): string[] {
  return (settings.number('$penpals_bonus_score') ?? 0) > 0
    ? ['pen pals are off: no storage of mail is configured; bounces are not killed without them']
    : []
}

/** A responder that was started anew hears it within this time. */
const ANNOUNCE_EVERY_MS = 30_000

/** Tell the bus which daemon this is, for those who cannot ask its master; again and again, as no state is kept there. */
function announceGeneration(publisher: Publisher, generation: number, settings: Settings): NodeJS.Timeout {
  const announce = () =>
    publisher.counters([
      {name: 'DaemonVersion', type: 'STR', value: settings.string('$myversion') ?? ''},
      {name: 'DaemonGeneration', type: 'INT', value: generation},
      {name: 'DaemonChildren', type: 'INT', value: settings.number('$max_servers') ?? 0},
    ])
  announce()
  return setInterval(announce, ANNOUNCE_EVERY_MS).unref()
}

/** The same voice, and ps shows the mail in hand: `amavis (ch3-04711-03)`. */
function withTitle(publisher: Publisher, taskIds: TaskIds, title: Title): Publisher {
  return {
    state(state, taskId) {
      if (state === 'm' && taskId !== undefined) title.show(() => childTitle(taskIds.tasks, taskId))
      publisher.state(state, taskId)
    },
    count: (name, increment) => publisher.count(name, increment),
    counters: counters => publisher.counters(counters),
    wantsLog: () => publisher.wantsLog(),
    log: (level, text) => publisher.log(level, text),
    close: () => publisher.close(),
  }
}

/** The socket of ours that a connection came in on: the address that the client knows, not the wildcard. */
function listenerOf(socket: net.Socket, spec: SocketSpec): Listener {
  if (spec.kind === 'unix') return {address: undefined, port: undefined, path: spec.path}
  const {host, port} = spec
  // asked of the kernel only where it may be any of this machine's
  if (net.isIPv4(host) && host !== '0.0.0.0') return {address: host, port, path: undefined}
  const address = socket.localAddress?.replace(/^::ffff:(?=\d+\.)/i, '')
  return {address: address ?? host, port, path: undefined}
}
