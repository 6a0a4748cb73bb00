/**
 * answer — what a command is answered, and what the session has to do then. Types and the small makers.
 */
import type {SessionPolicy} from './policy.ts'
import type {SessionState} from './state.ts'

export interface Answer {
  /** on the wire, a character for each octet; '' where it comes later */
  readonly text: string
  readonly event?: 'greeted' | 'mail' | 'data' | 'chunk' | 'tls' | 'quit' | 'lost'
  /** with `chunk`: what comes next on the wire is content */
  readonly chunk?: Chunk
  /** counts towards the end of the session */
  readonly error?: true
  /** for the log, at level 0 */
  readonly note?: string
}

export interface Chunk {
  readonly octets: number
  readonly last: boolean
  /** the octets are read, thrown away and answered with this */
  readonly refusal: Answer | undefined
}

/** A promise where the command needs something that is not loaded yet, or is counted elsewhere. */
export type Handler = (
  argument: string,
  state: SessionState,
  policy: SessionPolicy,
) => Answer | Promise<Answer>

export const refuse = (text: string): Answer => ({text: `${text}\r\n`, error: true})

export const noArguments = (verb: string) => refuse(`501 5.5.4 Error: ${verb} does not accept arguments`)
