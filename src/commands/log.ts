/** log — the lines of the log, mail by mail. */
import {once} from 'node:events'
import {existsSync} from 'node:fs'
import {Args, Command, Flags} from '@oclif/core'
import {requestOf, sourceFlags} from '../config/cli/flags.ts'
import {readSources} from '../config/show/sources.ts'
import {errorText} from '../errors.ts'
import {logPlan} from '../log/log-plan.ts'
import {JSON_FIELDS, mailJson, mailText} from '../tui/log/page.ts'
import {followLog, readLog, type ShowMail} from '../tui/log/read-log.ts'

const SYSLOG_FILE = '/var/log/mail.log'

export default class LogCommand extends Command {
  static override summary = 'Show the log mail by mail, with what the MTA says of the same mail.'
  static override description =
    `Reads $logfile, or ${SYSLOG_FILE} where the log goes to syslog, and prints the lines of one mail after the other, in the order of their end, with an empty line between them. An ID (am_id, mail_id, queue id of the MTA in front of us or behind us, Message-ID) chooses; without any such mail the exit status is 1.

Several files are read one after the other, and compressed ones (gzip) are unpacked: mail.log.2.gz, mail.log.1, mail.log.

With --follow it goes on as lines come to the last one, also when it is rotated, and shows a mail when it is over.

With --json one object a mail. ${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 4XyZ12 --mta /var/log/mail.log',
    '<%= config.bin %> <%= command.id %> 4XyZ12 --file /var/log/mail.log.2.gz --file /var/log/mail.log.1',
    '<%= config.bin %> <%= command.id %> --follow',
    'journalctl -u amavis -o short | <%= config.bin %> <%= command.id %> --file - XlX-cVIFc2Nv',
  ]
  // standard input may be the log
  static override args = {
    id: Args.string({description: 'am_id, mail_id, queue id or Message-ID', ignoreStdin: true}),
  }
  static override flags = {
    config: sourceFlags.config,
    instance: sourceFlags.instance,
    file: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<file>',
      description: 'the log, repeatable, the oldest first; - is standard input',
    }),
    mta: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<file>',
      description: 'log of Postfix, for its lines of the same mail, repeatable, the oldest first',
    }),
    follow: Flags.boolean({char: 'f', description: 'go on as lines come'}),
    json: Flags.boolean({description: 'print one object a mail'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(LogCommand)
    const stop = new AbortController()
    let shown = 0
    const show: ShowMail = async (mail, entries) => {
      shown++
      const text = flags.json ? mailJson(mail, entries) : mailText(entries)
      if (!process.stdout.write(text)) await once(process.stdout, 'drain')
    }
    try {
      const files = flags.file ?? [fileOf(flags)]
      const request = {files, id: args.id, mta: flags.mta ?? []}
      if (flags.follow && files.at(-1) !== '-') {
        for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => stop.abort())
        return await followLog(request, stop.signal, show)
      }
      await readLog(request, show)
      if (args.id !== undefined && shown === 0) throw new Error(notFound(args.id, files))
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }
}

function notFound(id: string, files: readonly string[]): string {
  const names = files.map(file => (file === '-' ? 'standard input' : file)).join(', ')
  const hint = existsSync(id) ? `; to read the file of this name: amavis log --file ${id}` : ''
  return `there is no mail ${id} in ${names}${hint}`
}

/** Where the daemon of this configuration logs to. */
function fileOf(flags: Parameters<typeof requestOf>[0]): string {
  const {target, file} = logPlan(readSources(requestOf(flags), []).settings)
  if (target === 'stderr')
    throw new Error('the log goes to standard error (journalctl -u amavis); name a file with --file')
  return target === 'file' ? file : SYSLOG_FILE
}
