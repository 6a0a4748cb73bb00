/**
 * postfix-master — what to do when the master of Postfix has started a command of `amavis anvil`.
 *
 * It gives its services options of its own and a standard error that nobody reads, and starts those that end again and
 * again while smtpd waits: the advice goes to the system's log, where the other services of Postfix write.
 */
import type {Command} from '@oclif/core'

const TYPES: ReadonlySet<string | undefined> = new Set(['unix', 'inet', 'fifo', 'pass', 'unix-dgram'])

/** What the line in master.cf should be; undefined: nothing in these arguments is the master's. */
export function masterAdvice(args: readonly string[]): string | undefined {
  const at = args.indexOf('-t')
  if (at < 0 || !TYPES.has(args[at + 1])) return undefined
  const name = args.includes('-n') ? (args[args.indexOf('-n') + 1] ?? 'anvil') : 'anvil'
  return (
    `amavis anvil is no service of the master of Postfix: take the line "${name} ${args[at + 1]} …" out of master.cf\n` +
    `("postconf -M# ${name}/${args[at + 1]}"), then "amavis anvil start" and "postfix reload"`
  )
}

/** Does nothing for who started it otherwise; else it tells what to do and ends it. */
export async function refuseMaster(command: Command): Promise<void> {
  const advice = masterAdvice(command.argv)
  if (advice === undefined) return
  const {syslogSink} = await import('../../log/syslog.ts')
  const sink = syslogSink({ident: 'postfix/anvil', facility: 'mail', maxLength: 980, marks: false})
  for (const line of advice.split('\n')) command.logToStderr(`amavis anvil: ${line}`)
  sink.write(-2, undefined, `fatal: ${advice.replaceAll('\n', ' ')}`)
  await sink.close()
  command.exit(1)
}
