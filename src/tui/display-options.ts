/**
 * display-options — what a display without a screen is asked for. Types.
 */
export interface DisplayOptions {
  /** displays to show; undefined: without end */
  readonly count: number | undefined
  /** ms between two of them */
  readonly waitMs: number
  readonly json: boolean
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly signal: AbortSignal
}
