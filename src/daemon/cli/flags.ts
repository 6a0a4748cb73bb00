/**
 * flags — the table of options as oclif wants it.
 */
import {Flags, type Interfaces} from '@oclif/core'
import {DAEMON_FLAGS, type FlagRow, WHICH_DAEMON} from './flag-table.ts'

function oclifFlag({kind, char, value, description, options, default: preset}: FlagRow) {
  const common = {
    description,
    ...(char !== undefined && {char: char as 'c'}),
    ...(value !== undefined && {helpValue: value}),
  }
  switch (kind) {
    case 'switch':
      return Flags.boolean({...common, default: preset ?? false, allowNo: preset === true})
    case 'number':
      return Flags.integer({...common, min: 1})
    case 'text':
      return Flags.string(common)
    case 'texts':
      return Flags.string({
        ...common,
        multiple: true,
        multipleNonGreedy: true,
        ...(options && {options: [...options]}),
      })
  }
}

/** The values are read as those of any command line (daemon-options.ts), so their types are not kept. */
function oclifFlags(rows: readonly FlagRow[]): Interfaces.FlagInput {
  return Object.fromEntries(rows.map(row => [row.name, oclifFlag(row)])) as Interfaces.FlagInput
}

/** Of the commands that start a daemon. */
export const daemonFlags = oclifFlags(DAEMON_FLAGS)
/** Of the commands that talk to one. */
export const whichDaemon = oclifFlags(WHICH_DAEMON)
