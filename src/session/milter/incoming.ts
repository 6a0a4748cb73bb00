/**
 * incoming — a mail as the MTA tells it, piece by piece: envelope, fields, body.
 *
 * Its octets are put together as they were, with a Received field of our own on top: the MTA hides the one that it
 * will add (spec/milter §8, §13.2). The parameters of MAIL and RCPT are the MTA's, which has checked them.
 */
import {rfc5322Date} from '../../actions/date.ts'
import type {Client, Envelope, Recipient} from '../../message/envelope.ts'
import type {Octets} from '../../message/octets.ts'
import {decodeOrcpt, decodeXtext} from '../../message/xtext.ts'
import {Reception} from '../smtp/reception.ts'
import type {Spool} from '../spool.ts'
import type {DataFacts} from '../transaction.ts'
import {argumentFor, pathOf} from './path.ts'

export interface IncomingOptions {
  readonly spool: Spool
  /** octets; undefined: as many as it likes */
  readonly sizeLimit: number | undefined
  /** values of fields come with what follows the colon */
  readonly leadingSpace: boolean
}

type Wish = NonNullable<Recipient['notify']>[number]

export class Incoming {
  readonly #reception: Reception
  readonly #leadingSpace: boolean
  readonly #recipients: {readonly recipient: Recipient; readonly argument: Buffer}[] = []
  readonly #sender: string
  readonly #parameters: ReadonlyMap<string, string>
  readonly #isUtf8: boolean
  #isHeaderOpen = true

  /** @param argument of MAIL and its parameters */
  constructor([argument = Buffer.alloc(0), ...parameters]: readonly Buffer[], options: IncomingOptions) {
    this.#reception = new Reception(options.spool, options.sizeLimit, false)
    this.#leadingSpace = options.leadingSpace
    this.#parameters = parameterMap(parameters)
    this.#isUtf8 = this.#parameters.has('SMTPUTF8')
    this.#sender = pathOf(argument, this.#isUtf8)
  }

  /** set where reading on must wait for the disk */
  get wait(): Promise<void> | undefined {
    return this.#reception.wait
  }

  get tooLong(): boolean {
    return this.#reception.tooLong
  }

  /** A recipient; one that the MTA has refused is not to be told here. */
  addRecipient([argument = Buffer.alloc(0), ...parameters]: readonly Buffer[]): void {
    const given = parameterMap(parameters)
    const orcpt = given.get('ORCPT')
    const notify = given.get('NOTIFY')
    this.#recipients.push({
      argument,
      recipient: {
        address: pathOf(argument, this.#isUtf8),
        orcpt: orcpt === undefined ? undefined : decodeOrcpt(orcpt),
        notify: notify === undefined ? undefined : (notify.toUpperCase().split(',') as Wish[]),
      },
    })
  }

  /** A line to stand before all fields, without its end. */
  addReceived(line: string): void {
    this.#reception.push(Buffer.from(`Received: ${line}\r\n`, 'utf8'))
  }

  addField(name: Buffer, value: Buffer): void {
    const text = value.toString('latin1').replace(/\r?\n/g, '\r\n')
    this.#reception.push(
      Buffer.concat([
        name,
        Buffer.from(this.#leadingSpace ? ':' : ': '),
        Buffer.from(text, 'latin1'),
        LINE_END,
      ]),
    )
  }

  endHeader(): void {
    if (this.#isHeaderOpen) this.#reception.push(LINE_END)
    this.#isHeaderOpen = false
  }

  addBody(chunk: Buffer): void {
    this.endHeader()
    this.#reception.push(chunk)
  }

  get recipientCount(): number {
    return this.#recipients.length
  }

  envelope(): Envelope {
    const parameters = this.#parameters
    const size = parameters.get('SIZE')
    const body = parameters.get('BODY')?.toUpperCase()
    const ret = parameters.get('RET')?.toUpperCase()
    const envid = parameters.get('ENVID')
    return {
      sender: this.#sender,
      recipients: this.#recipients.map(({recipient}) => recipient),
      declaredSize: size !== undefined && /^\d+$/.test(size) ? Number(size) : undefined,
      body: body === '7BIT' || body === '8BITMIME' ? body : undefined,
      smtputf8: this.#isUtf8,
      ret: ret === 'FULL' || ret === 'HDRS' ? ret : undefined,
      envid: envid === undefined ? undefined : decodeXtext(envid),
    }
  }

  /** What the MTA calls a recipient, to the octet: so it knows whom we mean. */
  argumentOf(address: string): Buffer {
    const known = this.#recipients.find(({recipient}) => recipient.address === address)
    return known?.argument ?? argumentFor(address, this.#isUtf8)
  }

  /**
   * All of it.
   * @throws AmavisError AM_STORAGE when it could not be kept
   */
  async finish(): Promise<{octets: Octets; data: DataFacts}> {
    this.endHeader()
    this.#reception.close()
    await this.#reception.wait
    return {octets: await this.#reception.finish(), data: this.#reception.facts}
  }

  discard(): void {
    this.#reception.discard()
  }
}

const LINE_END = Buffer.from('\r\n')

/** Who brought the mail, as the MTA's own field will say it. */
export function receivedLine(client: Client, mta: string | undefined, protocol: string, at: number): string {
  const {forwarded, helo} = client
  const name = forwarded.get('NAME') ?? 'unknown'
  const address = forwarded.get('ADDR')
  const literal = address?.includes(':') ? `IPv6:${address}` : address
  const from = `from ${clean(helo ?? name)} (${clean(name)}${literal === undefined ? '' : ` [${clean(literal)}]`})`
  const id = forwarded.get('IDENT')
  return `${from}\r\n by ${clean(mta ?? 'localhost')} with ${clean(protocol)}${id === undefined ? '' : ` id ${clean(id)}`}; ${rfc5322Date(at)}`
}

function clean(text: string): string {
  return text.replace(/[^!-~]+/g, '?').slice(0, 255)
}

function parameterMap(parameters: readonly Buffer[]): ReadonlyMap<string, string> {
  return new Map(
    parameters.map(parameter => {
      const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(parameter.toString('utf8')) ?? []
      return [name.toUpperCase(), value] as const
    }),
  )
}
