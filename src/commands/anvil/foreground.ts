/** anvil foreground — a counting server in the place of the command. */
import {Command} from '@oclif/core'
import {anvilFlags, anvilOrder} from '../../anvil/cli/flags.ts'
import {refuseMaster} from '../../anvil/cli/postfix-master.ts'
import {errorText} from '../../errors.ts'

export default class AnvilForeground extends Command {
  static override summary = 'The same in the foreground, with its log on standard error.'
  static override flags = anvilFlags

  async run(): Promise<void> {
    await refuseMaster(this)
    const {flags} = await this.parse(AnvilForeground)
    const {runAnvil} = await import('../../anvil/run-anvil.ts')
    try {
      await runAnvil(anvilOrder(flags, 'stderr'), () => {})
    } catch (error) {
      for (const line of errorText(error).split('\n')) this.logToStderr(`amavis anvil: ${line}`)
      this.exit(1)
    }
    this.exit(0)
  }
}
