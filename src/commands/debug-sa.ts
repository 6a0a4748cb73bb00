/** debug-sa — what the scanners do: the daemon in the foreground with SpamAssassin's words, or one mail through all. */
import {readFile} from 'node:fs/promises'
import os from 'node:os'
import {buffer} from 'node:stream/consumers'
import {Args, Command} from '@oclif/core'
import {scanByHand, viewOf} from '../checks/spam/spamassassin/by-hand.ts'
import {spamHelperPlan} from '../checks/spam/spamassassin/helper-plan.ts'
import {requestOf} from '../config/cli/flags.ts'
import {isTrue} from '../config/number.ts'
import {problemText} from '../config/problem.ts'
import type {Settings} from '../config/settings.ts'
import {readSources} from '../config/show/sources.ts'
import {withSpamHelper} from '../daemon/borrowed-spam-helper.ts'
import {daemonOptions} from '../daemon/cli/daemon-options.ts'
import {daemonFlags} from '../daemon/cli/flags.ts'
import {startDaemon} from '../daemon/cli/start-daemon.ts'
import {giveUpRoot} from '../daemon/give-up-root.ts'
import {errorText} from '../errors.ts'
import {lookupIpTables} from '../lookup/ip.ts'
import {type Rehearsal, rehearse} from '../pipeline/rehearsal/rehearse.ts'
import {type SpamAssassinSides, scannersText, sidesText} from '../tui/explain/debug-page.ts'
import {type EnvelopeFlags, envelopeFlags, rehearsalRequest} from '../tui/explain/flags.ts'
import {createTheme} from '../tui/theme.ts'

export default class DebugSa extends Command {
  static override summary = 'Show what the scanners say of each mail, or of one.'
  static override description =
    "Without FILE: the daemon in the foreground with everything on standard error, SpamAssassin's debug output included. With FILE: one mail through all virus and spam scanners, with what each was asked, answered and how long it took; then how the program spamassassin sees it when the daemon's user runs it, and what differs. Nothing is sent or stored."
  static override examples = [
    '<%= config.bin %> debug-sa -c ./amavisd.conf',
    '<%= config.bin %> debug-sa mail.eml --rcpt user@example.com',
  ]
  static override args = {file: Args.string({description: 'a mail; - is standard input'})}
  static override flags = {...daemonFlags, ...envelopeFlags}

  async run(): Promise<void> {
    const {args, flags} = await this.parse(DebugSa)
    const options = daemonOptions(flags, 'debug')
    const overrides = options.overrides.some(({name}) => name === '$sa_debug')
      ? options.overrides
      : [...options.overrides, {name: '$sa_debug', value: 'all'}]
    if (args.file === undefined) process.exit(await startDaemon({...options, overrides}))
    try {
      const {files, instance} = options
      const request = {...requestOf({config: files.length > 0 ? files : undefined, instance}), overrides}
      process.stdout.write(`${await this.#oneMail(args.file, flags as EnvelopeFlags, request)}\n`)
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }

  async #oneMail(
    file: string,
    flags: EnvelopeFlags,
    request: Parameters<typeof readSources>[0],
  ): Promise<string> {
    const {reading, settings} = readSources(request, [])
    const {machine, snapshot} = reading
    if (machine.errors.length > 0) throw new Error(machine.errors.map(problemText).join('\n'))
    const mail = file === '-' ? await buffer(process.stdin) : await readFile(file)
    const {variables} = snapshot
    const sources = {settings, variables, origins: machine.origins, assigned: machine.assigned}
    giveUpRoot(settings, line => this.logToStderr(line))
    const atStart: string[] = []
    const rehearsal = await withSpamHelper(
      settings,
      line => void atStart.push(line),
      spamHelper =>
        rehearse(mail, rehearsalRequest(flags, mail, settings), {sources, spamHelper, isThorough: true}),
    )
    const theme = createTheme(process.env)
    const pages = [scannersText(rehearsal.scanners, theme)]
    if (rehearsal.failure !== undefined) pages.push(theme.status.error(rehearsal.failure))
    if (spamHelperPlan(settings))
      pages.push(sidesText(await sidesOf(mail, settings, rehearsal, atStart), theme))
    return pages.join('\n\n')
  }
}

async function sidesOf(
  mail: Buffer,
  settings: Settings,
  {scanners, checked}: Rehearsal,
  atStart: readonly string[],
): Promise<SpamAssassinSides> {
  const {username, homedir} = os.userInfo()
  const runs = scanners.filter(({lines}) => lines.some(({text}) => /^SA \w+:/.test(text)))
  const lines = [...atStart, ...runs.flatMap(run => run.lines.map(({text}) => text))]
  const reports = runs.flatMap(({answer}) => (answer.kind === 'spam' ? answer.reports.slice(0, 1) : []))
  const inForce = checked?.settings ?? settings
  return {
    daemon: {
      ...viewOf(lines.map(line => line.replace(/^SA /, ''))),
      score: reports[0]?.score,
      tests: reports[0]?.tests ?? [],
    },
    byHand: await scanByHand(Buffer.from(mail.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'), {
      home: homedir,
      localOnly: settings.flag('$sa_local_tests_only'),
      path: settings.string('$path') || '/usr/local/bin:/usr/bin:/bin',
    }),
    user: username,
    originating: inForce.flag('$originating'),
    mynetworks: inForce.list('@mynetworks').map(String),
    isMine: address => isTrue(lookupIpTables(inForce.list('@mynetworks_maps'), address, inForce)?.value),
  }
}
