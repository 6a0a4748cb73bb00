/**
 * title — what ps shows for a master and a child, and how a master is known by it.
 *
 * Source: spec/daemon, "pid file, lock, signals", process titles.
 */
import type {Program} from '../process/pid-file.ts'

export const MASTER_TITLE = 'amavis (master)'

export const MASTER: Program = {
  name: 'The amavisd daemon',
  isNamedBy: line => line.startsWith(MASTER_TITLE) || line.includes('master-main.'),
}

/**
 * `amavis (virgin child)`, `amavis (ch3-avail)`, `amavis (ch3-04711-03)`, `amavis (ch3-finish)`.
 * @param tasks begun so far
 * @param doing a word, or the id of the mail in hand
 */
export function childTitle(tasks: number, doing: string): string {
  return tasks === 0 && doing === 'avail' ? 'amavis (virgin child)' : `amavis (ch${tasks}-${doing})`
}

/** A title stands at least so long: telling the kernel of each mail would cost a busy child a percent. */
const TITLE_MS = 50

/** What ps shows of this process; of titles that come fast upon each other some are left out, never the last. */
export class Title {
  readonly #set: (title: string) => void
  #next: (() => string) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(set: (title: string) => void = title => void (process.title = title)) {
    this.#set = set
  }

  show(title: () => string): void {
    this.#next = title
    if (this.#timer === undefined) this.#showNext()
  }

  #showNext(): void {
    this.#timer = undefined
    if (!this.#next) return
    this.#set(this.#next())
    this.#next = undefined
    this.#timer = setTimeout(() => this.#showNext(), TITLE_MS)
  }

  /** The last one is shown at once. */
  end(title: string): void {
    clearTimeout(this.#timer)
    this.#set(title)
  }
}
