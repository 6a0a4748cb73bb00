/**
 * cli-flags — the options by which commands of one purpose find their configuration.
 */
import {Flags} from '@oclif/core'

export const configurationFlags = {
  config: Flags.string({
    char: 'c',
    helpValue: '<file>',
    multiple: true,
    multipleNonGreedy: true,
    description: 'configuration file, repeatable; replaces the default ones',
  }),
  instance: Flags.string({
    char: 'i',
    helpValue: '<name>',
    description: 'instance name, seen by the configuration as $instance_name',
  }),
  home: Flags.string({char: 'H', helpValue: '<folder>', description: 'home folder, $MYHOME'}),
}
