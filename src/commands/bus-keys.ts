/** bus-keys — make the key file that encrypts the bus. */
import {writeFileSync} from 'node:fs'
import {Args, Command, Flags} from '@oclif/core'
import {isKey, keyFileText, readKeyFile} from '../bus/curve.ts'
import {AmavisError, errorText} from '../errors.ts'

export default class BusKeys extends Command {
  static override summary = 'Make a key file for the encrypted bus, and print its public key.'
  static override description = `A file that is there is left as it is, and its public key printed.

On the server: name the file in $bus_curve_key_file; it must be readable by $daemon_user and nobody else.
On a machine that watches: make a file with --server and the server's public key, connect to
"tcp://server:23232?key=FILE", and add the public key that is printed to @bus_allowed_keys of the server.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> /etc/amavis/bus.key',
    '<%= config.bin %> <%= command.id %> --server <key> ~/.config/amavis-mx1.key',
  ]
  static override args = {file: Args.string({required: true, description: 'the key file'})}
  static override flags = {
    server: Flags.string({helpValue: '<key>', description: 'public key of the server to connect to'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(BusKeys)
    try {
      this.log(await publicKeyOf(args.file, flags.server))
    } catch (error) {
      this.logToStderr(`amavis bus-keys: ${errorText(error)}`)
      process.exitCode = error instanceof AmavisError && error.code === 'AM_USAGE' ? 2 : 1
    }
  }
}

async function publicKeyOf(file: string, serverKey: string | undefined): Promise<string> {
  if (serverKey !== undefined && !isKey(serverKey)) {
    throw new AmavisError('AM_USAGE', '--server: expected a public key of 40 characters')
  }
  const {curveKeyPair} = await import('zeromq')
  const pair = {...curveKeyPair(), serverKey}
  try {
    writeFileSync(file, keyFileText(pair), {flag: 'wx', mode: 0o600})
    return pair.publicKey
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const known = readKeyFile(file)
    if (serverKey !== undefined && known.serverKey !== serverKey) {
      throw new AmavisError('AM_DAEMON', `${file} is there and names another server`)
    }
    return known.publicKey
  }
}
