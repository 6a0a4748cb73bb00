/** genkey — a new key to sign with, of either kind. */
import {Args, Command, Flags} from '@oclif/core'
import {USUAL_RSA_BITS, writeNewKey} from '../actions/dkim/new-key.ts'
import {errorText} from '../errors.ts'

export default class Genkey extends Command {
  static override summary = 'Make a key for DKIM.'
  static override description =
    'Writes a new private key to a file, which must not exist yet and which nobody else may read. With a key of each kind for a domain, mail gets two signatures: not every verifier knows ed25519. For rsa keys of another size there is genrsa.'
  static override examples = ['<%= config.bin %> genkey --ed25519 /var/lib/amavis/dkim/example.com-ed.pem']
  static override args = {file: Args.string({required: true, description: 'the new file'})}
  static override flags = {
    ed25519: Flags.boolean({description: `an ed25519 key; default: rsa, ${USUAL_RSA_BITS} bits`}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Genkey)
    try {
      await writeNewKey(args.file, flags.ed25519 ? {type: 'ed25519'} : {type: 'rsa', bits: USUAL_RSA_BITS})
      this.logToStderr(`A private ${flags.ed25519 ? 'ed25519' : 'rsa'} key is in ${args.file}`)
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }
}
