/**
 * plain — the counter display: text in the original's lines, or JSON.
 */
import type {DisplayOptions} from '../display-options.ts'
import {pause} from '../pause.ts'
import {databaseTexts, type SourceTexts} from '../source-texts.ts'
import {type Answers, Responders} from './answer.ts'
import {startedMs, type Variables} from './classic.ts'
import {type AgentData, runClassicAgent} from './classic-loop.ts'
import {AgentCsv, CSV_HEADING} from './csv.ts'
import {AgentJson} from './json.ts'

export interface AgentOptions extends DisplayOptions {
  /** counters of several are added */
  readonly responders: readonly string[]
  readonly csv: boolean
  /** names that are shown; undefined: all */
  readonly filter: RegExp | undefined
  /** as amavisd-agent, which waits for its source however long it takes */
  readonly classic: boolean
}

const BUS_TEXTS: SourceTexts = {
  absent: name => `amavis: no answer from the snmp-responder at ${name}; waiting`,
  reopened: () => 'amavis: the daemon was started anew',
}

/** @returns the exit status */
export async function printAgent(options: AgentOptions): Promise<number> {
  const {responders, count, json, csv, classic, stdout, stderr, signal} = options
  const name = responders.join(' ')
  const asked = new Responders(responders)
  const first = await asked.ask()
  if (first.variables === undefined && count !== undefined && !classic) {
    stderr(
      `amavis: no answer from the snmp-responder at ${name}\n` +
        'Its service ("amavis mc") must run; name another one with --snmp-connect.\n',
    )
    return 1
  }
  const read = reader(asked, first, name, silent => {
    if (silent.length < responders.length) stderr(`amavis: no answer from ${silent.join(' ')}\n`)
  })
  if (json || csv) return printData(read, name, options)
  return runClassicAgent({
    count,
    waitMs: options.waitMs,
    read,
    lines: options.filter ? text => stdout(matchingLines(text, options.filter)) : stdout,
    remarks: stderr,
    texts: classic ? databaseTexts('snmp') : BUS_TEXTS,
    now: Date.now,
    sleep: ms => pause(ms, signal),
  })
}

async function printData(
  read: () => Promise<AgentData>,
  name: string,
  {count, waitMs, csv, filter, stdout, stderr, signal}: AgentOptions,
): Promise<number> {
  const display = csv ? csvDisplay(filter) : jsonDisplay(name, filter)
  if (csv) stdout(`${CSV_HEADING}\r\n`)
  for (let shown = 0; count === undefined || shown < count; ) {
    const data = await read()
    if (data.kind === 'absent') {
      stderr(`${BUS_TEXTS.absent(name)}\n`)
    } else {
      stdout(display(Date.now(), data.variables))
      shown++
    }
    if (shown === count || !(await pause(waitMs, signal))) break
  }
  return 0
}

type Display = (nowMs: number, variables: Variables) => string

function jsonDisplay(responder: string, filter: RegExp | undefined): Display {
  const agent = new AgentJson()
  return (nowMs, variables) => `${agent.display(nowMs, variables, responder, filter)}\n`
}

function csvDisplay(filter: RegExp | undefined): Display {
  const agent = new AgentCsv()
  return (nowMs, variables) =>
    agent
      .display(nowMs, variables, filter)
      .map(line => `${line}\r\n`)
      .join('')
}

/** The first answer, then asks anew at each call; another start time is another run of the daemon. */
function reader(
  responders: Responders,
  first: Answers,
  name: string,
  onSilence: (silent: readonly string[]) => void,
): () => Promise<AgentData> {
  let unread: Answers | undefined = first
  let before: number | undefined
  let silentBefore = ''
  return async () => {
    const {variables, silent} = unread ?? (await responders.ask())
    unread = undefined
    if (silent.join() !== silentBefore && silent.length > 0) onSilence(silent)
    silentBefore = silent.join()
    // one responder alone is said to be absent; the last answer of one among several still counts
    if (variables === undefined || silent.length === responders.size) return {kind: 'absent', name}
    const started = startedMs(variables)
    const reopened = before !== undefined && started !== before
    before = started
    return {kind: 'variables', name, variables, reopened}
  }
}

/** Lines of a display whose name matches, and its empty lines. */
function matchingLines(text: string, filter: RegExp | undefined): string {
  const lines = text.split('\n')
  return lines.filter(line => line === '' || filter?.test(line.split(' ', 1)[0] ?? '')).join('\n')
}
