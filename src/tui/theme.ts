/**
 * theme — colours by meaning. Components name what a text is, never a colour.
 *
 * Plain text keeps the terminal's own foreground, so light and dark backgrounds both work; only the two
 * colours that one of them swallows differ. Red is for what is wrong, never for a state.
 * Nothing is said by colour alone. NO_COLOR is honoured where
 * the program starts (bin/main.js), before chalk looks.
 */
import chalk from 'chalk'
import type {StateKind} from './children/states.ts'

export type Paint = (text: string) => string

export interface Theme {
  readonly title: Paint
  /** what can be overlooked */
  readonly faint: Paint
  readonly heading: Paint
  readonly selected: Paint
  readonly key: Paint
  readonly status: {readonly ok: Paint; readonly warning: Paint; readonly error: Paint}
  readonly state: Readonly<Record<StateKind, Paint>>
}

/** Whether the terminal says that its background is light: COLORFGBG is `foreground;background`. */
export function hasLightBackground(environment: NodeJS.ProcessEnv): boolean {
  const background = Number(environment['COLORFGBG']?.split(';').at(-1))
  return background === 7 || (background >= 9 && background <= 15)
}

export function createTheme(environment: NodeJS.ProcessEnv): Theme {
  const light = hasLightBackground(environment)
  const amber = light ? chalk.ansi256(130) : chalk.yellow
  const blue = light ? chalk.blue : chalk.ansi256(75)
  return {
    title: chalk.bold,
    faint: chalk.dim,
    heading: chalk.underline,
    selected: chalk.inverse,
    key: chalk.bold,
    status: {ok: chalk.green, warning: amber, error: chalk.red},
    state: {
      idle: chalk.dim,
      session: chalk.cyan,
      transfer: blue,
      decode: chalk.green,
      virus: chalk.magenta,
      spam: amber,
      other: text => text,
      unknown: chalk.dim,
    },
  }
}
