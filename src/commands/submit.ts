/** submit — give a mail to the daemon as a milter would. */
import {Command, Flags} from '@oclif/core'
import {errorText} from '../errors.ts'
import {findUser} from '../process/privileges.ts'
import {socketFlags, whichSocket} from '../session/ampdp/client/cli/which-socket.ts'
import {converse} from '../session/ampdp/client/conversation.ts'
import {submitMail} from '../session/ampdp/client/submit.ts'

const USUAL_BASE = '/var/lib/amavis/tmp'
const CLASSIC_FAILURE = 255
/** exit code of AM.PDP for a mail that the client is to throw away: for us all is well then */
const DISCARD = 99

export default class Submit extends Command {
  static override summary = 'Have a mail checked by the running daemon, over AM.PDP.'
  static override description =
    `The mail is read from standard input and put into a folder of $TEMPBASE, which the daemon removes. Nothing is sent on;
quarantine and notifications are as for any mail. An answer that is not 2xx is printed on standard error, and all of the
response with --verbose. Exit status: 0 the mail would go on or be discarded, 69 refused, 75 to come again; as of
amavisd-submit.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> sender@example.net user@example.com < mail.eml',
  ]
  static override strict = false
  static override usage = 'submit SENDER RECIPIENT… < MAIL'
  static override flags = {
    ...socketFlags,
    temp: Flags.string({helpValue: '<folder>', description: 'folder for the mail; default: $TEMPBASE'}),
    verbose: Flags.boolean({char: 'v', description: 'print the response, a line for each attribute'}),
    classic: Flags.boolean({description: "exactly the original program's streams and exit status"}),
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Submit)
    const [sender, ...recipients] = argv.map(String)
    const name = flags.classic ? 'amavisd-submit' : 'amavis submit'
    if (sender === undefined) {
      this.logToStderr(`Not enough arguments\n\nUsage: ${name} sender recipient… < mail`)
      this.exit(flags.classic ? CLASSIC_FAILURE : 2)
    }
    let status: number
    try {
      const {endpoint, settings} = whichSocket(flags)
      const user = settings?.string('$daemon_user')
      const talk = await converse(endpoint)
      try {
        const response = await submitMail(
          {
            sender,
            recipients,
            mail: process.stdin,
            base: flags.temp ?? settings?.string('$TEMPBASE') ?? USUAL_BASE,
            owner: user && process.getuid?.() === 0 ? findUser(user) : undefined,
          },
          talk,
        )
        if (flags.verbose) {
          for (const [attribute, values] of response)
            for (const value of values) this.log(`${attribute}=${value}`)
        }
        for (const reply of response.get('setreply') ?? [])
          if (!reply.startsWith('2')) this.logToStderr(reply)
        const code = Number(response.get('exit_code')?.[0] ?? 75)
        status = code === DISCARD ? 0 : code
      } finally {
        talk.close()
      }
    } catch (error) {
      this.logToStderr(`${name}: ${errorText(error)}`)
      this.exit(flags.classic ? CLASSIC_FAILURE : 1)
    }
    if (status !== 0) this.exit(status)
  }
}
