import {Command, Flags} from '@oclif/core'
import {errorText} from '../errors.ts'

export default class Demo extends Command {
  static override summary = 'Show the whole program at work on this machine, with nothing to set up.'

  static override description =
    `Starts a filter with four children, its monitoring services and a next hop, all on
loopback and in a temporary folder, beside whatever else runs here. Sends it a mixture of clean
mail, spam, viruses, banned attachments and bad headers (harmless test strings).

On a terminal the nanny screen shows the children at work until you quit. Without one, a number of
mails is sent, snapshots and counters are printed and every mail's end is checked: exit status 0
when all ended as they should, 1 with the reasons when not.`

  static override examples = [
    '<%= config.bin %> demo',
    '<%= config.bin %> demo --port 10024',
    '<%= config.bin %> demo < /dev/null | tail',
  ]

  static override flags = {
    port: Flags.integer({
      min: 1,
      max: 65535,
      helpValue: '<port>',
      description: 'listen here for mail of your own (default: any free port)',
    }),
    mails: Flags.integer({
      min: 10,
      max: 100_000,
      default: 100,
      helpValue: '<n>',
      description: 'how many mails to send without a terminal',
    }),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Demo)
    const {runDemo, showDemo} = await import('../demo/demo.ts')
    // A reader that goes away (`| head`) must not end the demo before it has cleaned up.
    process.stdout.removeAllListeners('error').on('error', () => {})
    try {
      if (process.stdout.isTTY && process.stdin.isTTY && process.env.TERM !== 'dumb')
        return await showDemo(flags.port)
      const ended = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.once(signal, () => ended.abort(new Error(`ended by ${signal}`)))
      }
      const print = (text: string) => void process.stdout.write(text)
      const problems = await runDemo(flags.mails, flags.port, print, ended.signal)
      if (problems.length > 0)
        this.error(`not every mail ended as it should:\n${problems.join('\n')}`, {exit: 1})
      process.stdout.write(`all ${flags.mails} mails ended as they should\n`)
    } catch (error) {
      if (error instanceof Error && 'oclif' in error) throw error
      this.error(`the demo failed: ${errorText(error)}`, {exit: 1})
    }
  }
}
