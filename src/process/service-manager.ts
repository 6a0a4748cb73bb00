/**
 * service-manager — tells the service manager that started us (systemd, or who speaks its protocol) how we are.
 *
 * It is told on a Unix datagram socket, which Node cannot use; systemd-notify(1) can. That waits until it was
 * heard, so notices come in order and are not lost with a process that ends too soon. As an ordinary user it
 * cannot speak in our name: a unit needs `NotifyAccess=all`.
 * Source: sd_notify(3); spec/daemon, "Start-up order".
 *
 * Diagnostics: the first failure is told, then nothing more.
 */
import {execFile} from 'node:child_process'
import {errorText} from '../errors.ts'

export interface Notice {
  readonly READY?: 1
  readonly RELOADING?: 1
  readonly STOPPING?: 1
  /** for people */
  readonly STATUS?: string
}

export interface ServiceManagerOptions {
  /** where it listens; undefined or empty: there is none */
  readonly socket?: string | undefined
  readonly program?: string
  /** a notice did not get through */
  readonly onTrouble: (text: string) => void
}

/** A manager that does not listen is given up after this time. */
const LIMIT_MS = 5000

export class ServiceManager {
  #present: boolean
  readonly #program: string
  readonly #onTrouble: (text: string) => void
  #last = Promise.resolve()
  #troubled = false

  constructor({
    socket = process.env['NOTIFY_SOCKET'],
    program = 'systemd-notify',
    onTrouble,
  }: ServiceManagerOptions) {
    this.#present = socket !== undefined && socket !== ''
    this.#program = program
    this.#onTrouble = onTrouble
  }

  /** Resolves when it was heard, or could not be; this process is the service's main one from then on. */
  tell(notice: Notice): Promise<void> {
    if (!this.#present) return Promise.resolve()
    this.#last = this.#last.then(() => this.#send(fieldsOf(notice)))
    return this.#last
  }

  /** Reload, and say so before and after. @param statusOf in words, of what came of it */
  async reloading<T>(reload: () => Promise<T>, statusOf: (outcome: T) => string): Promise<T> {
    void this.tell({RELOADING: 1})
    const outcome = await reload()
    void this.tell({READY: 1, STATUS: statusOf(outcome)})
    return outcome
  }

  /** Another process is the service's main one from now on, and speaks for it. */
  beSucceeded(): void {
    this.#present = false
  }

  #send(fields: readonly string[]): Promise<void> {
    return new Promise(resolve => {
      execFile(this.#program, fields, {timeout: LIMIT_MS}, error => {
        if (error && !this.#troubled) {
          this.#troubled = true
          this.#onTrouble(`cannot tell the service manager: ${errorText(error).trimEnd()}`)
        }
        resolve()
      })
    })
  }
}

/** A reload is told with its beginning, in µs of the monotonic clock, which hrtime is. */
function fieldsOf(notice: Notice): readonly string[] {
  const fields = [
    `MAINPID=${process.pid}`,
    ...Object.entries(notice).map(([name, value]) => `${name}=${value}`),
  ]
  if (notice.RELOADING) fields.push(`MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`)
  return fields.map(field => field.replace(/[\r\n]+/g, ' '))
}
