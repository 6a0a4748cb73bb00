/**
 * keys — the keys of the screens, in one table.
 *
 * What a key does, the footer and the help page are all taken from here. The letters are htop's where it
 * has one for the same thing. Pure.
 */
import type {Key} from 'ink'

export type Action =
  | 'quit'
  | 'help'
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'filter'
  | 'sort-next'
  | 'sort-previous'
  | 'reverse'
  | 'pause'
  | 'follow'
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
  {action: 'sort-previous', keys: ['<'], help: 'sort by the column before'},
  {action: 'sort-next', keys: ['>'], help: 'sort by the next column', footer: '< > sort'},
  {action: 'reverse', keys: ['r'], help: 'reverse the order', footer: 'r reverse'},
  {action: 'pause', keys: ['space', 'Z'], help: 'hold the picture, and go on', footer: 'space pause'},
  {action: 'follow', keys: ['F'], help: 'cursor keeps its child or line', footer: 'F follow'},
  {
    action: 'end-child',
    keys: ['K'],
    help: 'end the child; asks first',
    footer: 'K end',
    changes: true,
  },
  {action: 'up', keys: ['up', 'k'], help: 'one row up'},
  {action: 'down', keys: ['down', 'j'], help: 'one row down'},
  {action: 'page-up', keys: ['pageup'], help: 'one page up'},
  {action: 'page-down', keys: ['pagedown'], help: 'one page down'},
  {action: 'first', keys: ['home', 'g'], help: 'first row'},
  {action: 'last', keys: ['end', 'G'], help: 'last row'},
]

const SPECIAL = ['up', 'down', 'pageup', 'pagedown', 'home', 'end', 'return', 'escape', 'backspace'] as const
type Special = (typeof SPECIAL)[number]

const INK_NAMES: Readonly<Record<Special, keyof Key>> = {
  up: 'upArrow',
  down: 'downArrow',
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
  if (special) return [special]
  if (key.ctrl) return [`ctrl-${input}`]
  return [...input].map(char => CHARACTER_NAMES[char] ?? char)
}

const CHARACTER_NAMES: Readonly<Record<string, string>> = {' ': 'space', '\r': 'return', '\n': 'return'}

export function bindingOf(name: string): Binding | undefined {
  return BINDINGS.find(({keys}) => keys.includes(name))
}

/** Bindings to show: all, or without those that change something. */
export function visibleBindings(readOnly: boolean): readonly Binding[] {
  return BINDINGS.filter(({changes}) => !(readOnly && changes))
}
