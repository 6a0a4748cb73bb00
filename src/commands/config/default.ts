/** config default — every setting with its default and what it is for. */
import {Command} from '@oclif/core'
import {requestOf, sourceFlags} from '../../config/cli/flags.ts'
import {readConfiguration} from '../../config/load.ts'
import {defaultText} from '../../config/show/default-text.ts'

export default class ConfigDefault extends Command {
  static override summary = 'Print a configuration file of all settings with their defaults.'
  static override description =
    'Each setting has a line that describes it and is commented out: the file can be loaded and changes nothing. Take away the "#" before a setting to change it.'
  static override examples = ['<%= config.bin %> config default > amavisd.conf']
  static override flags = {hostname: sourceFlags.hostname}

  async run(): Promise<void> {
    const {flags} = await this.parse(ConfigDefault)
    process.stdout.write(defaultText(readConfiguration({...requestOf(flags), files: [], env: {}})))
  }
}
