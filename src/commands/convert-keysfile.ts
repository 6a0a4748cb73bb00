/** convert_keysfile — a key list of dkim-milter in the language of our configuration. */
import {existsSync, readFileSync} from 'node:fs'
import {Args, Command} from '@oclif/core'
import {keyListStatements, parseKeyList} from '../actions/dkim/key-list.ts'
import {errorText} from '../errors.ts'

/** What a list may leave out at the end of a file's name. */
const ENDINGS = ['', '.pem', '.private']

export default class ConvertKeysfile extends Command {
  static override summary = 'Print the statements that sign as a key list of dkim-milter does.'
  static override description =
    'Each line of the list is sender-pattern:signing-domain:key-file, the selector is the name of the file, and the first line that fits a sender decides. A key is for all senders of its domain then, also for those that the list leaves out. The result belongs into a configuration file. Lines that cannot be taken are told, and then nothing is printed.'
  static override examples = ['<%= config.bin %> <%= command.id %> /etc/mail/dkim-keys.txt']
  static override aliases = ['convert_keysfile']
  static override args = {file: Args.string({required: true, description: 'the list'})}

  async run(): Promise<void> {
    const {file} = (await this.parse(ConvertKeysfile)).args
    try {
      const list = parseKeyList(readFileSync(file, 'utf8'))
      const {text, problems} = keyListStatements(
        list,
        key => ENDINGS.map(ending => key + ending).find(existsSync) ?? key,
      )
      for (const problem of problems) this.logToStderr(`${file}:${problem}`)
      if (problems.length === 0) process.stdout.write(text)
      else process.exitCode = 1
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }
}
