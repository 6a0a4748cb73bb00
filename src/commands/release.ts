/** release — have a mail in quarantine released, put back into the MTA's queue, or reported. */
import {createInterface} from 'node:readline'
import {Command, Errors, Flags} from '@oclif/core'
import {errorText} from '../errors.ts'
import {socketFlags, whichSocket} from '../session/ampdp/client/cli/which-socket.ts'
import {type Conversation, converseSteadily} from '../session/ampdp/client/conversation.ts'
import {lineArguments, type ReleaseKind, releaseCall} from '../session/ampdp/client/release-call.ts'

/** What amavisd-release ends with when it is called in a wrong way, or nobody answers. */
const CLASSIC_FAILURE = 255

export default class Release extends Command {
  static override summary = 'Release a mail from quarantine, or requeue or report it.'
  static override description =
    `Asks the running daemon over its AM.PDP socket. The mail is named as the log has it, such as spam-NgEwjSMKJSYr.gz,
with the folder that it is in; a bare mail_id will do where the quarantine methods have the default names. After it may
stand its secret_id, which $auth_required_release asks for, and recipients other than those it was held for. With - lines
of the same arguments are read from standard input; # begins a comment.

Prints the answers. Exit status 1 when any of them is not 2xx: the mail stays in quarantine in any case. With --classic,
as amavisd-release, amavisd-requeue and amavisd-report call it, status 0 whenever the daemon has answered.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> spam-NgEwjSMKJSYr.gz',
    '<%= config.bin %> <%= command.id %> N/virus-NgEwjSMKJSYr 4ldXtDPbWqoZ user@example.com',
    '<%= config.bin %> <%= command.id %> --as report spam-NgEwjSMKJSYr.gz abuse@example.net',
  ]
  static override strict = false
  static override usage =
    'release FILE [SECRET] [RECIPIENT…] | - [--as requeue|report] [--requested-by ADDRESS]'
  static override flags = {
    ...socketFlags,
    as: Flags.string({
      options: ['release', 'requeue', 'report'],
      default: 'release',
      description: 'give it to its recipients, put it back into the queue of the MTA, or report it as abuse',
    }),
    'requested-by': Flags.string({
      helpValue: '<address>',
      description: 'who asks; stands in the Resent-From field',
    }),
    classic: Flags.boolean({description: "exactly the original program's streams and exit status"}),
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Release)
    const kind = flags.as as ReleaseKind
    const args = argv.map(String)
    const name = flags.classic ? `amavisd-${kind}` : 'amavis release'
    if (args.length === 0) this.#wrong('Not enough arguments', name, flags.classic)
    let talk: Conversation | undefined
    let isWell = true
    try {
      for await (const words of args[0] === '-' ? callsOf(process.stdin) : [args]) {
        const call = releaseCall(kind, words, flags['requested-by'])
        if (call.kind === 'wrong') this.#wrong(call.reason, name, flags.classic)
        talk ??= converseSteadily(whichSocket(flags).endpoint)
        const response = await talk.ask(call.request)
        for (const reply of response.get('setreply') ?? []) {
          isWell &&= reply.startsWith('2')
          this.logToStderr(reply)
        }
      }
    } catch (error) {
      if (error instanceof Errors.ExitError) throw error
      this.logToStderr(`${name}: ${errorText(error)}`)
      this.exit(flags.classic ? CLASSIC_FAILURE : 1)
    } finally {
      talk?.close()
    }
    if (!isWell && !flags.classic) this.exit(1)
  }

  #wrong(reason: string, name: string, classic: boolean): never {
    this.logToStderr(
      `${reason}\n\nUsage: ${name} mail_file [secret_id [recipient…]]\n       ${name} -    (such lines from standard input)`,
    )
    return this.exit(classic ? CLASSIC_FAILURE : 2)
  }
}

async function* callsOf(input: NodeJS.ReadableStream): AsyncIterable<readonly string[]> {
  for await (const line of createInterface({input})) {
    const words = lineArguments(line)
    if (words) yield words
  }
}
