/** genrsa — a new rsa key to sign with. */
import {Args, Command} from '@oclif/core'
import {
  ACCEPTED_RSA_BITS,
  LARGEST_RSA_BITS,
  SMALLEST_RSA_BITS,
  USUAL_RSA_BITS,
  writeNewKey,
} from '../actions/dkim/new-key.ts'
import {errorText} from '../errors.ts'

export default class Genrsa extends Command {
  static override summary = 'Make an rsa key for DKIM.'
  static override description =
    'Writes a new private key to a file, which must not exist yet and which nobody else may read. Declare it by dkim_key in the configuration; showkeys then prints the record for the DNS.'
  static override examples = ['<%= config.bin %> genrsa /var/lib/amavis/dkim/example.com.pem']
  static override args = {
    file: Args.string({required: true, description: 'the new file'}),
    bits: Args.integer({
      min: SMALLEST_RSA_BITS,
      max: LARGEST_RSA_BITS,
      default: USUAL_RSA_BITS,
      description: `size of the key; verifiers take nothing below ${ACCEPTED_RSA_BITS}`,
    }),
  }

  async run(): Promise<void> {
    const {file, bits} = (await this.parse(Genrsa)).args
    try {
      await writeNewKey(file, {type: 'rsa', bits})
      this.logToStderr(`A private rsa key of ${bits} bits is in ${file}`)
      if (bits < ACCEPTED_RSA_BITS)
        this.logToStderr(`Verifiers take no key below ${ACCEPTED_RSA_BITS} bits (RFC 8301)`)
    } catch (error) {
      this.logToStderr(errorText(error))
      process.exitCode = 1
    }
  }
}
