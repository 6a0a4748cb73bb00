/**
 * plain — the nanny display without a screen: text in the original's lines, or JSON.
 */
import {INCIDENT_PREFIX} from '../../bus/incident.ts'
import {daemonProcesses} from '../../bus/processes.ts'
import {awaitWholeState, CHILD_PREFIXES, feedStore} from '../children/feed.ts'
import {endChild} from '../children/local.ts'
import {createChildStore, type Snapshot} from '../children/store.ts'
import {childKey} from '../children/table.ts'
import type {DisplayOptions} from '../display-options.ts'
import {pause} from '../pause.ts'
import {silenceText} from '../silence.ts'
import {databaseTexts, type SourceTexts} from '../source-texts.ts'
import type {ProcessControl, ProcessRef} from './classic.ts'
import {runClassicNanny} from './classic-loop.ts'
import {nannyJson} from './json.ts'
import {busSource} from './records.ts'
import {watchOnly} from './watch.ts'

export interface PlainOptions extends DisplayOptions {
  readonly endpoints: readonly string[]
  /** as amavisd-nanny: its streams, its patience with a silent bus, and it ends overdue children */
  readonly classic: boolean
  readonly readOnly: boolean
}

/** @returns the exit status */
export async function printNanny(options: PlainOptions): Promise<number> {
  const store = createChildStore()
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const prefixes = options.classic ? CHILD_PREFIXES : [...CHILD_PREFIXES, INCIDENT_PREFIX]
  const feeding = feedStore(store, options.endpoints, signal, prefixes)
  try {
    const heard = await Promise.race([awaitWholeState(store, signal), feeding.then(() => false)])
    if (!heard && !options.classic && options.count !== undefined) {
      options.stderr(silenceText(options.endpoints))
      return 1
    }
    const read = () => store.refresh()
    return options.json ? await printJson(read, options) : await printLines(read, options)
  } finally {
    stop.abort()
    await feeding
  }
}

const BUS_TEXTS: SourceTexts = {
  absent: name => `amavis: waiting for the bus at ${name}`,
  reopened: () => 'amavis: the daemon or its childproc-minder was started anew',
}

async function printLines(read: () => Snapshot, options: PlainOptions): Promise<number> {
  const {classic, readOnly, stdout, stderr, signal} = options
  return runClassicNanny({
    ...options,
    source: busSource(read, options.endpoints.join(', ')),
    control: !classic
      ? {...watchOnly(read), endOf: endIn(read)}
      : readOnly
        ? watchOnly(read)
        : endOverdue(read),
    heading: stdout,
    lines: classic ? stderr : stdout,
    remarks: stderr,
    texts: classic ? databaseTexts('nanny') : BUS_TEXTS,
    now: Date.now,
    sleep: ms => pause(ms, signal),
  })
}

/** As childproc-minder told it; the original's lines know no other end than `went away`. */
function endIn(read: () => Snapshot): NonNullable<ProcessControl['endOf']> {
  return ({origin, pid}) => read().table.children.get(childKey(origin, pid))?.end
}

async function printJson(read: () => Snapshot, options: PlainOptions): Promise<number> {
  const {count, waitMs, endpoints, stdout, signal} = options
  for (let shown = 0; count === undefined || shown < count; ) {
    stdout(`${nannyJson(read(), endpoints)}\n`)
    if (++shown === count || !(await pause(waitMs, signal))) break
  }
  return 0
}

/** As amavisd-nanny does, but only to processes that are an amavis daemon's on this machine. */
function endOverdue(read: () => Snapshot): ProcessControl {
  const processes = daemonProcesses()
  const watching = watchOnly(read)
  const ended = new Set<number>()
  return {
    probe(process: ProcessRef) {
      if (ended.has(process.pid) && processes.probe(process.pid) === 'gone') return 'gone'
      return watching.probe(process)
    },
    terminate({origin, pid}) {
      if (endChild({endpoint: origin, pid}, processes).kind !== 'signalled') return false
      ended.add(pid)
      return true
    },
    kill({pid}) {
      processes.signal(pid, 'SIGKILL')
    },
  }
}
