/**
 * states — the letters that children announce, what they mean, and which of them are idle.
 *
 * Source: spec/monitoring §1.3, 3.3. Pure.
 */

/** What a state is about; colours are chosen by it. */
export type StateKind = 'idle' | 'session' | 'transfer' | 'decode' | 'virus' | 'spam' | 'other' | 'unknown'

export interface StateMeaning {
  readonly letter: string
  /** one word, at most ten letters, for a column */
  readonly word: string
  readonly kind: StateKind
  readonly help: string
  /** the sentence of the original's legend */
  readonly legend: string
}

/** In the order in which a mail goes through them. */
export const STATES: readonly StateMeaning[] = [
  {
    letter: 'A',
    word: 'accept',
    kind: 'session',
    help: 'a connection was accepted',
    legend: 'accepted a connection',
  },
  {
    letter: 'b',
    word: 'begin',
    kind: 'session',
    help: 'the protocol begins',
    legend: 'begin with a protocol for accepting a request',
  },
  {
    letter: 'm',
    word: 'mail',
    kind: 'transfer',
    help: 'MAIL FROM began a transaction',
    legend: "'MAIL FROM' smtp command started a new transaction in the same session",
  },
  {
    letter: 'd',
    word: 'data',
    kind: 'transfer',
    help: 'data comes in',
    legend: 'transferring data from MTA to amavisd',
  },
  {
    letter: '=',
    word: 'check',
    kind: 'other',
    help: 'checking begins',
    legend: 'content checking just started',
  },
  {
    letter: 'G',
    word: 'mail-id',
    kind: 'other',
    help: 'a mail_id is made',
    legend: 'generating and verifying unique mail_id',
  },
  {letter: 'D', word: 'decode', kind: 'decode', help: 'parts are decoded', legend: 'decoding of mail parts'},
  {letter: 'V', word: 'virus', kind: 'virus', help: 'virus scan', legend: 'virus scanning'},
  {letter: 'S', word: 'spam', kind: 'spam', help: 'spam scan', legend: 'spam scanning'},
  {
    letter: 'P',
    word: 'penpals',
    kind: 'spam',
    help: 'pen pals look-up',
    legend: 'pen pals database lookup and updates',
  },
  {letter: 'r', word: 'result', kind: 'other', help: 'the result is decided', legend: 'preparing results'},
  {
    letter: 'Q',
    word: 'quarantine',
    kind: 'other',
    help: 'quarantine and notifications',
    legend: 'quarantining and preparing/sending notifications',
  },
  {
    letter: 'F',
    word: 'forward',
    kind: 'transfer',
    help: 'the mail is forwarded',
    legend: 'forwarding mail to MTA',
  },
  {
    letter: '.',
    word: 'done',
    kind: 'idle',
    help: 'checking is done',
    legend: 'content checking just finished',
  },
]

/** How much of a task is drawn: `$nanny_details_level`. 0 only that it goes on, 1 its main steps, 2 all of it. */
export type DetailsLevel = 0 | 1 | 2

const MAIN_STEPS = new Set(['A', 'm', '=', '.', '-'])

/** Whether a state is drawn; spec/monitoring §1.3, "recorded from details level". */
export function isDrawn(state: string, level: DetailsLevel): boolean {
  return level === 2 || (level === 1 && MAIN_STEPS.has(state)) || state === UNSEEN
}

/** Nothing to do: the state between connections. */
export const IDLE = '-'
/** What a child does is not known: only a list of busy pids named it, or it was joined late. */
export const UNSEEN = '?'

const IDLE_MEANING: StateMeaning = {letter: IDLE, word: 'idle', kind: 'idle', help: 'idle', legend: 'idle'}
const UNSEEN_MEANING: StateMeaning = {
  letter: UNSEEN,
  word: 'busy',
  kind: 'unknown',
  help: 'busy, not seen with what',
  legend: 'busy',
}
const BY_LETTER = new Map([...STATES, IDLE_MEANING, UNSEEN_MEANING].map(state => [state.letter, state]))

/** A letter that is none of ours is shown as it is. */
export function meaningOf(letter: string): StateMeaning {
  return BY_LETTER.get(letter) ?? {...UNSEEN_MEANING, letter, word: letter}
}

/** No task, and a state in which a child waits for one. */
export function isIdle(state: string, taskId: string | undefined): boolean {
  return !taskId && (state === '' || state === ' ' || state === IDLE || state === '.')
}
