/** quarantine release — have mails in quarantine released that are chosen by what they are. */
import {Command, Flags} from '@oclif/core'
import {
  isSelective,
  quarantineFlags,
  selectionFlags,
  selectionOf,
  whichQuarantine,
} from '../../actions/quarantine/cli/flags.ts'
import {findItem} from '../../actions/quarantine/find.ts'
import type {QuarantineItem} from '../../actions/quarantine/item.ts'
import {newest} from '../../actions/quarantine/newest.ts'
import {AmavisError, errorText} from '../../errors.ts'
import {whichSocket} from '../../session/ampdp/client/cli/which-socket.ts'
import {type Conversation, converseSteadily} from '../../session/ampdp/client/conversation.ts'
import {itemRequest, type ReleaseKind} from '../../session/ampdp/client/release-call.ts'
import {visibleJson, visibleText} from '../../tui/visible.ts'

const MOST = 100_000

export default class QuarantineRelease extends Command {
  static override summary = 'Release mail from quarantine: those that are named, or that filters find.'
  static override description =
    `Asks the running daemon over its AM.PDP socket for one after the other, oldest first, and prints a line for each
answer. The mails stay in quarantine. Where $auth_required_release is set for the socket, amavis release takes the secret.

With --json one line for each mail: name, mail_id, replies. Exit status 1 when any answer is not 2xx.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> spam-NgEwjSMKJSYr.gz',
    '<%= config.bin %> <%= command.id %> --sender @example.net --newer 2d --dry-run',
  ]
  static override strict = false
  static override usage = 'quarantine release [NAME|MAIL_ID…] [filters]'
  static override flags = {
    ...quarantineFlags,
    ...selectionFlags,
    socket: Flags.string({helpValue: '<path>', description: "the daemon's AM.PDP socket"}),
    as: Flags.string({
      options: ['release', 'requeue', 'report'],
      default: 'release',
      description: 'what to ask for',
    }),
    to: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<address>',
      description: 'recipient in the place of those it was held for, repeatable',
    }),
    'requested-by': Flags.string({helpValue: '<address>', description: 'who asks'}),
    'dry-run': Flags.boolean({description: 'only say which ones are meant'}),
    json: Flags.boolean({description: 'print JSON lines'}),
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(QuarantineRelease)
    const names = argv.map(String)
    if (names.length === 0 && !isSelective(flags)) {
      this.logToStderr('say what is to be released: names, mail_ids, or filters')
      this.exit(2)
    }
    let isWell = true
    let talk: Conversation | undefined
    try {
      const {root} = whichQuarantine(flags)
      for (const item of await this.#chosen(root, names, flags)) {
        let replies: readonly string[] = []
        if (!flags['dry-run']) {
          talk ??= converseSteadily(whichSocket(flags).endpoint)
          const {as, to = []} = flags
          const request = itemRequest(as as ReleaseKind, {
            name: item.name,
            mailId: item.stored.mailId ?? '',
            recipients: to,
            requestedBy: flags['requested-by'],
          })
          replies = (await talk.ask(request)).get('setreply') ?? []
          isWell &&= replies.length > 0 && replies.every(reply => reply.startsWith('2'))
        }
        if (flags.json) this.log(visibleJson({name: item.name, mail_id: item.stored.mailId, replies}))
        else
          for (const reply of flags['dry-run'] ? ['would be released'] : replies)
            this.log(visibleText(`${item.name}: ${reply}`))
      }
    } catch (error) {
      this.logToStderr(errorText(error))
      isWell = false
    } finally {
      talk?.close()
    }
    if (!isWell) this.exit(1)
  }

  async #chosen(
    root: string,
    names: readonly string[],
    flags: Parameters<typeof selectionOf>[0],
  ): Promise<readonly QuarantineItem[]> {
    if (names.length === 0) return (await newest(root, selectionOf(flags), MOST)).items.toReversed()
    const items: QuarantineItem[] = []
    for (const name of names) {
      const item = await findItem(root, name)
      if (!item) throw new AmavisError('AM_STORAGE', `there is no mail ${name} in ${root}`)
      items.push(item)
    }
    return items
  }
}
