/** anvil status — the clients that the counting server remembers. */
import {Command, Flags} from '@oclif/core'
import {runningAnvil, whichAnvil} from '../../anvil/cli/flags.ts'
import {JSON_FIELDS, printAnvil} from '../../tui/anvil/plain.ts'

const NOT_RUNNING = 3

export default class AnvilStatus extends Command {
  static override summary = 'Show the clients that are counted, with their connections and rates.'
  static override description =
    `On a terminal a live table; press ? in it for its keys. With --once, --json or without a terminal, text.
Exit status: 0, or 3 when the server does not run.

${JSON_FIELDS}`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    `<%= config.bin %> <%= command.id %> --json | jq -r '.clients[] | select(.mail > 100) | .client'`,
  ]
  static override flags = {
    ...whichAnvil,
    once: Flags.boolean({description: 'print the table once'}),
    json: Flags.boolean({description: 'print JSON'}),
    limit: Flags.integer({
      min: 1,
      max: 100_000,
      default: 500,
      helpValue: '<n>',
      description: 'show so many clients at most, those with the highest numbers',
    }),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(AnvilStatus)
    const running = runningAnvil(flags)
    const ask = async () => {
      const reply = await running.ask({command: 'clients', limit: flags.limit})
      return reply?.kind === 'ok' && 'clients' in reply ? reply : undefined
    }
    if (!flags.once && !flags.json && process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
      const {showAnvil} = await import('../../tui/anvil/show.ts')
      return showAnvil(ask, running.plan.socket)
    }
    const state = await ask()
    if (!state) {
      if (flags.json) this.log(JSON.stringify({running: false}))
      else this.log(`amavis anvil does not run: nobody answers on ${running.plan.controlSocket}`)
      this.exit(NOT_RUNNING)
    }
    process.stdout.write(printAnvil(state, flags.json))
  }
}
