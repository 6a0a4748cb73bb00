/**
 * display-cases — recorded runs of the original displays: what they were told and when, what they wrote and when.
 *
 * A case runs on a virtual clock; what a display wrote between two of its waits is one output.
 */
import {classicUsage} from '../../src/tui/classic-options.ts'
import {readFixture} from './shared.ts'

export interface Output {
  readonly t: number
  readonly stdout: string
  readonly stderr: readonly string[]
}

/** `t0` is Unix time in s; every `t` is s since then. */
export interface DisplayCase {
  readonly id: string
  readonly title: string
  readonly argv: readonly string[]
  readonly t0: number
  readonly output: readonly Output[]
  readonly exit_code: number
}

/** The cases of one fixture, with what is its own in `Own`. */
export function readCases<Own>(name: string): readonly (Omit<DisplayCase, keyof Own> & Own)[] {
  return (JSON.parse(readFixture(name)) as {cases: readonly (DisplayCase & Own)[]}).cases
}

/** Clock and streams of a display. */
export class Stage {
  readonly outputs: Output[] = []
  /** since the beginning */
  ms = 0
  readonly #t0Ms: number
  #stdout = ''
  #stderr = ''

  constructor({t0}: {readonly t0: number}) {
    this.#t0Ms = t0 * 1000
  }

  readonly now = () => this.#t0Ms + this.ms
  readonly stdout = (text: string) => void (this.#stdout += text)
  readonly stderr = (text: string) => void (this.#stderr += text)

  get isSilent(): boolean {
    return this.#stdout === '' && this.#stderr === ''
  }

  /** The display waits, or ends. */
  flush(): void {
    this.outputs.push({t: this.ms / 1000, stdout: this.#stdout, stderr: linesOf(this.#stderr)})
    this.#stdout = ''
    this.#stderr = ''
  }

  /** The answer to options that are no good. @returns the exit status */
  refuse(display: Parameters<typeof classicUsage>[0]): number {
    const {stdout, stderr, status} = classicUsage(display)
    this.stdout(stdout)
    this.stderr(stderr)
    this.flush()
    return status
  }
}

/** Lines of a text whose last one is complete; a text without any has none. */
export function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}
