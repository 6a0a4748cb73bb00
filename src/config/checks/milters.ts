/**
 * checks/milters — what `@milters` and `%milter` say of each milter (spec/milter-control §6).
 *
 * An unknown key or an odd value is an error with its line: a milter that ran with a default in its place would not
 * be the one that was written.
 */
import {isNumeric, isTrue} from '../number.ts'
import {milterSocket, socketKey} from '../socket-spec.ts'
import type {Scalar} from '../value.ts'
import {banksOf, type Examined, hashAt, type Remark, texts} from './examined.ts'

/** What is expected of a value; undefined: it is well. */
type Expectation = (value: string) => string | undefined

const anything: Expectation = () => undefined
const atLeast =
  (least: number): Expectation =>
  value =>
    isNumeric(value) && Number(value) >= least ? undefined : `a number of at least ${least}`
const oneOf =
  (...words: readonly [string, string, ...string[]]): Expectation =>
  value =>
    words.includes(value.toLowerCase())
      ? undefined
      : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`

/** In quotes the number would be decimal. */
const mode: Expectation = value =>
  /^(0|[1-9]\d*)$/.test(value) && Number(value) <= 0o777 ? undefined : 'an octal number without quotes: 0660'

/** A chunk of a body with its command. */
const SMALLEST_FRAME = 65_536

const KEYS: ReadonlyMap<string, Expectation> = new Map([
  ['port', anything],
  ['enabled', anything],
  ['policy_bank', anything],
  ['max_procs', atLeast(0)],
  ['min_procs', atLeast(0)],
  ['conns_per_proc', atLeast(1)],
  ['proc_idle_limit', atLeast(0)],
  ['proc_conn_limit', atLeast(0)],
  ['overload_action', oneOf('wait', 'tempfail', 'accept')],
  ['on_failure', oneOf('tempfail', 'accept')],
  ['stop_timeout', atLeast(0)],
  ['abort_timeout', atLeast(0)],
  ['listen_backlog', atLeast(1)],
  ['socket_mode', mode],
  ['timeout', atLeast(1)],
  ['write_timeout', atLeast(1)],
  ['content_timeout', atLeast(1)],
  ['progress_interval', atLeast(1)],
  ['max_data_size', atLeast(SMALLEST_FRAME)],
  ['no_reply', anything],
  ['leadspc', anything],
  ['symlist', anything],
  ['rcpt_rej', anything],
])

/** Keys that others would look for, and what there is instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  user: "a milter's processes run as $daemon_user",
  chroot:
    'there is no chroot here; ProtectSystem and its like of the service manager are the means (docs/systemd.md)',
}

const NAME = /^[A-Za-z][A-Za-z0-9_.-]*$/

export function* milters(config: Examined): Iterable<Remark> {
  if (config.isLost('@milters', '%milter')) return
  const table = config.hash('%milter')
  const named = config.list('@milters')
  const names = new Set<string>()
  for (const [index, item] of named.entries()) {
    const at = config.itemAt(named, index) ?? config.at('@milters')
    const [name = ''] = texts(item)
    if (!NAME.test(name)) yield {level: 'error', at, message: badName(name)}
    else if (names.has(name)) yield {level: 'error', at, message: `@milters names "${name}" twice`}
    else if (!table.has(name)) {
      const message = `@milters names "${name}", and there is no $milter{'${name}'}`
      yield {level: 'error', at, message}
    }
    names.add(name)
  }
  const ports = new Map<string, string>()
  for (const [name, value] of table) yield* milter(config, name, value, ports, !names.has(name))
}

const badName = (name: string) =>
  `@milters: "${name}" is no name, expected a letter, then letters, digits, _ . -`

function* milter(
  config: Examined,
  name: string,
  value: Scalar,
  ports: Map<string, string>,
  isUnlisted: boolean,
): Iterable<Remark> {
  const whole = config.entryAt(config.hash('%milter'), name) ?? config.at('%milter')
  const where = `$milter{'${name}'}`
  const error = (message: string, at = whole): Remark => ({
    level: 'error',
    at,
    message: `${where}: ${message}`,
  })
  if (isUnlisted && !NAME.test(name)) yield {level: 'error', at: whole, message: badName(name)}
  const entries = hashAt(value)?.entries
  if (!entries) {
    yield error('expected a hash in braces')
    return
  }
  const text = (key: string) => texts(entries.get(key))[0] ?? ''
  for (const key of entries.keys()) {
    const at = config.entryAt(entries, key) ?? whole
    const expectation = KEYS.get(key)
    if (!expectation) {
      const instead = ELSEWHERE[key]
      if (instead !== undefined) yield error(`"${key}" is no key: ${instead}`, at)
      else yield error(`there is no key "${key}"; known: ${[...KEYS.keys()].join(', ')}`, at)
      continue
    }
    const given = text(key)
    const expected = given === '' ? undefined : expectation(given)
    if (expected !== undefined) yield error(`${key} is "${given}", expected ${expected}`, at)
  }
  const [least, most] = [text('min_procs'), text('max_procs')]
  if (least !== '' && most !== '' && Number(least) > Math.max(1, Number(most)))
    yield error(
      `min_procs is ${least}, expected max_procs, ${most}, at the most`,
      config.entryAt(entries, 'min_procs') ?? whole,
    )
  const port = text('port')
  const at = config.entryAt(entries, 'port') ?? whole
  const socket = port === '' ? undefined : milterSocket(port)
  if (socket === undefined) yield error("it has no port, such as 'inet:10031@127.0.0.1' or 'local:/path'", at)
  else if (typeof socket === 'string') yield error(socket, at)
  else {
    const other = ports.get(socketKey(socket))
    if (other !== undefined) yield error(`its port ${port} is that of "${other}"`, at)
    else ports.set(socketKey(socket), name)
  }
  yield* copies(config, where, text('policy_bank'), whole)
}

/** Mail that is to be sent in different copies has to go somewhere. */
function* copies(config: Examined, where: string, banks: string, at: Remark['at']): Iterable<Remark> {
  const loaded = new Map(banksOf(config))
  const inOrder = banks.split(',').map(name => loaded.get(name.trim()))
  const value = (name: string) =>
    inOrder.reduce((given, bank) => (bank?.has(name) ? bank.get(name) : given), config.scalar(`$${name}`))
  if (!isTrue(value('reinject_different_copies')) || texts(value('forward_method')).length > 0) return
  if (config.isSet('@forward_method_maps') || inOrder.some(bank => bank?.has('forward_method_maps'))) return
  const message = `${where}: $forward_method is empty, mail whose recipients need different copies would go nowhere, it is deferred`
  const help = 'set it to a port of your MTA that has no milter, or unset $reinject_different_copies'
  yield {level: 'warning', at, message, help}
}
