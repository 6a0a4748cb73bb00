/**
 * keys — the keys of the screens, in one table.
 *
 * What a key does, the footer and the help page are all taken from here. The letters are htop's where it
 * has one for the same thing. Pure.
 */
import type {Key} from 'ink'

/** Where to go in anything that is longer than the screen. */
const MOVES = ['up', 'down', 'page-up', 'page-down', 'first', 'last'] as const
export type Move = (typeof MOVES)[number]

/** What the keys do that all lists have. */
export type ListAction = Move | 'quit' | 'help' | 'filter' | 'sort-next' | 'sort-previous' | 'reverse'

export type Action =
  | ListAction
  | 'pause'
  | 'follow'
  | 'open'
  | 'details'
  | 'memory'
  | 'incidents'
  | 'retire-child'
  | 'end-child'

export interface Binding {
  readonly action: Action
  /** names as `keyName` gives them */
  readonly keys: readonly string[]
  readonly help: string
  /** its words in the footer; keys without them are on the help page only */
  readonly footer?: string
  /** hidden from a read-only view */
  readonly changes?: true
}

/** In the order of the footer: what comes first stays when the line is short. */
export const BINDINGS: readonly Binding[] = [
  {action: 'quit', keys: ['q'], help: 'quit', footer: 'q quit'},
  {action: 'help', keys: ['?', 'h'], help: 'this page, and back', footer: '? help'},
  {action: 'filter', keys: ['/', '\\'], help: 'show only rows with a text', footer: '/ filter'},
  {action: 'sort-previous', keys: ['<'], help: 'sort by the column beside'},
  {action: 'sort-next', keys: ['>'], help: 'sort by the column beside', footer: '< > sort'},
  {action: 'reverse', keys: ['r'], help: 'reverse the order', footer: 'r reverse'},
  {action: 'pause', keys: ['space', 'Z'], help: 'hold the picture, and go on', footer: 'space pause'},
  {action: 'follow', keys: ['F'], help: 'cursor keeps its child or line', footer: 'F follow'},
  {
    action: 'open',
    keys: ['return'],
    help: 'look closer, and back',
    footer: 'enter child',
  },
  {action: 'details', keys: ['d'], help: 'how many of the states are drawn', footer: 'd details'},
  {action: 'memory', keys: ['m'], help: 'memory column', footer: 'm memory'},
  {action: 'incidents', keys: ['i'], help: 'the last incidents, and back', footer: 'i incidents'},
  {
    action: 'retire-child',
    keys: ['R'],
    help: 'retire child; asks first',
    footer: 'R retire',
    changes: true,
  },
  {
    action: 'end-child',
    keys: ['K'],
    help: 'kill child; asks first',
    footer: 'K kill',
    changes: true,
  },
  {action: 'up', keys: ['up', 'k'], help: 'one row'},
  {action: 'down', keys: ['down', 'j'], help: 'one row'},
  {action: 'page-up', keys: ['pageup'], help: 'one page'},
  {action: 'page-down', keys: ['pagedown'], help: 'one page'},
  {action: 'first', keys: ['home', 'g'], help: 'first row, last row'},
  {action: 'last', keys: ['end', 'G'], help: 'first row, last row'},
]

const SPECIAL = [
  'up',
  'down',
  'left',
  'right',
  'pageup',
  'pagedown',
  'home',
  'end',
  'return',
  'escape',
  'backspace',
] as const
type Special = (typeof SPECIAL)[number]

const INK_NAMES: Readonly<Record<Special, keyof Key>> = {
  up: 'upArrow',
  down: 'downArrow',
  left: 'leftArrow',
  right: 'rightArrow',
  pageup: 'pageUp',
  pagedown: 'pageDown',
  home: 'home',
  end: 'end',
  return: 'return',
  escape: 'escape',
  backspace: 'backspace',
}

/**
 * Names of the pressed keys: a character, `space`, or one of the special ones.
 *
 * A fast typist's keys, or pasted text, arrive as one input of several characters.
 */
export function keyNames(input: string, key: Key): readonly string[] {
  // terminals send DEL for the backspace key
  if (key.delete) return ['backspace']
  const special = SPECIAL.find(name => key[INK_NAMES[name]])
  if (special)
    return [key.shift && (special === 'left' || special === 'right') ? `shift-${special}` : special]
  if (key.ctrl) return [`ctrl-${input}`]
  return [...input].map(char => CHARACTER_NAMES[char] ?? char)
}

const CHARACTER_NAMES: Readonly<Record<string, string>> = {' ': 'space', '\r': 'return', '\n': 'return'}

/** What a table of anything but children can do. */
export const TABLE_ACTIONS: ReadonlySet<Action> = new Set([
  'quit',
  'help',
  'filter',
  'sort-previous',
  'sort-next',
  'reverse',
  'pause',
  ...MOVES,
])

/** What the status screen can do. */
export const STATUS_ACTIONS: ReadonlySet<Action> = new Set(['quit', 'help', 'pause', 'open', ...MOVES])

/** The keys as a paragraph of a manual. */
export function keysText(actions?: ReadonlySet<Action>): string {
  return keyHelp(false, actions)
    .map(([keys, help]) => `${keys}: ${help}`)
    .join('; ')
}

/** Keys and what they do; keys that do the same in two directions are together. */
export function keyHelp(
  readOnly: boolean,
  actions?: ReadonlySet<Action>,
): readonly (readonly [string, string])[] {
  const shown = visibleBindings(readOnly).filter(({action}) => actions === undefined || actions.has(action))
  const byHelp = Map.groupBy(shown, ({help}) => help)
  return [...byHelp].map(([help, bindings]) => [bindings.flatMap(({keys}) => keys).join(' '), help])
}

export function bindingOf(name: string): Binding | undefined {
  return BINDINGS.find(({keys}) => keys.includes(name))
}

/** Bindings to show: all, or without those that change something. */
export function visibleBindings(readOnly: boolean): readonly Binding[] {
  return BINDINGS.filter(({changes}) => !(readOnly && changes))
}
