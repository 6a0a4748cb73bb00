/** milter help — what there is, in the words of each command. */
import {Command, loadHelpClass} from '@oclif/core'

export default class MilterHelp extends Command {
  static override summary = 'Show what the commands of amavis milter do.'
  static override strict = false

  async run(): Promise<void> {
    const Help = await loadHelpClass(this.config)
    await new Help(this.config).showHelp(['milter'])
  }
}
