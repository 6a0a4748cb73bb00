/** anvil reload — have the counting server take new settings. */
import {Command} from '@oclif/core'
import {runningAnvil, whichAnvil} from '../../anvil/cli/flags.ts'

export default class AnvilReload extends Command {
  static override summary = 'Have the counting server read its settings again; its table stays.'
  static override flags = whichAnvil

  async run(): Promise<void> {
    const {flags} = await this.parse(AnvilReload)
    const {plan, ask} = runningAnvil(flags)
    const reply = await ask({command: 'reload'})
    if (!reply) this.#fail([`it does not answer on ${plan.controlSocket}`])
    else if (reply.kind === 'failed') this.#fail([...reply.problems, 'not reloaded: nothing has changed'])
    else
      for (const line of 'warnings' in reply ? reply.warnings : []) this.logToStderr(`amavis anvil: ${line}`)
  }

  #fail(lines: readonly string[]): void {
    for (const line of lines) this.logToStderr(`amavis anvil: ${line}`)
    this.exit(1)
  }
}
