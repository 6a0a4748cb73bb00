/**
 * pipe — gives a mail to a program: `pipe:flags=… argv=command arguments ${sender} ${recipient}`.
 *
 * There is no shell. The program runs in a process group of its own with a bare environment, gets the mail on its
 * standard input with LF line ends, and is killed with its group when its time is over. Its exit status is the
 * answer (spec/daemon §4.1; the codes are those of sysexits.h). An argument with `${recipient}` in it is repeated
 * for each recipient; an address that would be taken for an option is refused.
 */
import {spawn} from 'node:child_process'
import path from 'node:path'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import type {SmtpReply} from '../../errors.ts'
import {encodeXtext} from '../../message/xtext.ts'
import {startProcess} from '../../process/start-process.ts'
import {withLf} from '../quarantine/line-ends.ts'
import type {Delivery, RecipientResult} from './delivery.ts'

/** Of what a program says so much is logged. */
const MOST_OUTPUT = 2000
/** What it has said is there when it ends; a process that it leaves behind may hold the pipes for ever. */
const LAST_WORDS_MS = 500

interface Ended {
  readonly status: number | undefined
  readonly problem: string | undefined
  readonly output: string
}

/**
 * @param method what follows `pipe:`
 * @param content with CRLF line ends
 */
export async function deliverToProgram(
  delivery: Delivery,
  method: string,
  content: AsyncIterable<Buffer>,
): Promise<readonly RecipientResult[]> {
  const {recipients, taskId, log} = delivery
  const [command, ...words] = argumentsOf(method)
  if (command === undefined) {
    log.write(-1, `pipe: no argv= in "${method}"`)
    return recipients.map(() =>
      done({code: 451, enhanced: '4.3.5', text: `No usable delivery method, id=${taskId}`}),
    )
  }
  const good = recipients.filter(({address}) => isSafe(address))
  const refused = done({code: 553, enhanced: '5.1.3', text: 'Address cannot be given to a program'})
  if (good.length === 0 || !isSafe(delivery.sender)) return recipients.map(() => refused)
  const args = [
    ...dsnOptions(command, delivery),
    ...words.flatMap(word =>
      expanded(
        word,
        delivery.sender,
        good.map(({address}) => address),
      ),
    ),
  ]
  const ended = await run(command, args, content, delivery.deadlineMs)
  const name = path.basename(command)
  const how = ended.problem ?? `exit status ${ended.status}`
  if (ended.status !== 0 || ended.output !== '') {
    log.write(
      ended.status === 0 ? 2 : -1,
      `pipe ${name}: ${how}${ended.output === '' ? '' : `, output="${ended.output}"`}`,
    )
  }
  // What exactly went wrong is for the log: it may name our files.
  const told = ended.problem === undefined ? how : 'it did not end by itself'
  const result = done(replyFor(ended, `id=${taskId}, from program ${name}: ${told}`))
  return recipients.map(recipient => (good.includes(recipient) ? result : refused))
}

/** The words after `argv=`; what stands before are flags that mean nothing here. */
export function argumentsOf(method: string): readonly string[] {
  const [, argv = ''] = /(?:^|\s)argv=(.*)$/s.exec(method) ?? []
  return argv.split(/\s+/).filter(Boolean)
}

/** It goes into an argument list as one argument and is no option there. */
function isSafe(address: string): boolean {
  return !address.startsWith('-') && !/[\x00-\x1f\x7f]/.test(address)
}

function expanded(word: string, sender: string, recipients: readonly string[]): readonly string[] {
  const withSender = word.replaceAll('${sender}', () => (sender === '' ? '<>' : sender))
  if (!word.includes('${recipient}')) return [withSender]
  return recipients.map(recipient => withSender.replaceAll('${recipient}', () => recipient))
}

/** Programs that take sendmail's options are told what the sender wants to hear. */
function dsnOptions(command: string, {propagateDsn, envid, recipients}: Delivery): readonly string[] {
  if (!propagateDsn || path.basename(command) !== 'sendmail') return []
  const wishes = new Set(recipients.flatMap(({notify}) => [...(notify ?? [])]))
  const notify = wishes.has('NEVER')
    ? wishes.size === 1
      ? ['never']
      : []
    : [...wishes].map(wish => wish.toLowerCase())
  return [
    ...(notify.length > 0 ? ['-N', notify.join(',')] : []),
    ...(envid === undefined ? [] : ['-V', encodeXtext(envid)]),
  ]
}

function replyFor({status, problem}: Ended, what: string): SmtpReply {
  if (problem !== undefined) return {code: 451, enhanced: '4.5.0', text: `Temporary failure, ${what}`}
  switch (status) {
    case 0:
      return {code: 250, enhanced: '2.6.0', text: `Ok, ${what}`}
    case 75: // EX_TEMPFAIL
      return {code: 450, enhanced: '4.5.0', text: `Temporary failure, ${what}`}
    case 67: // EX_NOUSER
      return {code: 554, enhanced: '5.1.1', text: `Failed, ${what}`}
    case 69: // EX_UNAVAILABLE
      return {code: 554, enhanced: '5.5.0', text: `Failed, ${what}`}
    default:
      return {code: 451, enhanced: '4.5.0', text: `Failed, ${what}`}
  }
}

async function run(
  command: string,
  args: readonly string[],
  content: AsyncIterable<Buffer>,
  timeoutMs: number,
): Promise<Ended> {
  const child = startProcess(() =>
    spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: '/',
      detached: true,
      env: {PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C'},
    }),
  )
  if (typeof child === 'string')
    return {status: undefined, problem: `cannot be started: ${child}`, output: ''}
  let output = ''
  const hear = (octets: Buffer) => {
    if (output.length < MOST_OUTPUT) output += octets.toString('latin1')
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  let problem: string | undefined
  const hangUp = () => {
    child.stdout.destroy()
    child.stderr.destroy()
  }
  const kill = (why: string) => {
    problem ??= why
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // it has ended meanwhile
    }
    // Who left the group may hold the pipes open.
    hangUp()
    child.stdin.destroy()
  }
  let lastWords: NodeJS.Timeout | undefined
  child.once('exit', () => {
    lastWords = setTimeout(hangUp, LAST_WORDS_MS)
  })
  const timer = setTimeout(() => kill(`killed after ${Math.round(timeoutMs)} ms`), timeoutMs)
  const ended = new Promise<number | undefined>(resolve => {
    child.once('error', error => {
      problem ??= error.message
      resolve(undefined)
    })
    child.once('close', (status, signal) => {
      if (status === null) problem ??= `ended by ${signal}`
      resolve(status ?? undefined)
    })
  })
  // A program that ends before it has read all of the mail says by its status what that means.
  const feeding = pipeline(Readable.from(withLf(content)), child.stdin).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
        return 'it did not read all of the mail'
      kill(error.message)
      return error.message
    },
  )
  const [status, cut] = await Promise.all([ended, feeding])
  clearTimeout(timer)
  clearTimeout(lastWords)
  // Half a mail was not delivered, whatever the program thinks of it.
  if (cut !== undefined && status === 0) problem ??= cut
  return {status, problem, output: output.slice(0, MOST_OUTPUT).trim()}
}

function done(reply: SmtpReply): RecipientResult {
  return {reply, remote: undefined, queuedAs: undefined, dsnPassedOn: false}
}
