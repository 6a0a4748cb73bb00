/**
 * config/cli/flags — which configuration the `config` commands read.
 */
import path from 'node:path'
import {Flags} from '@oclif/core'
import {defaultFiles} from '../load.ts'
import type {LoadRequest} from '../request.ts'

export const sourceFlags = {
  config: Flags.string({
    char: 'c',
    helpValue: '<file>',
    description: 'configuration file, repeatable; replaces the default ones',
    multiple: true,
    multipleNonGreedy: true,
  }),
  instance: Flags.string({
    char: 'i',
    helpValue: '<name>',
    description: 'instance name, seen by the configuration as $instance_name',
  }),
  hostname: Flags.string({
    helpValue: '<name>',
    description: "as on a machine of this name, with IPv4 and IPv6: stands in for this machine's",
  }),
  'stub-missing': Flags.boolean({
    description: 'take table files that do not exist as empty, and pass over included files that do not',
  }),
}

export interface SourceFlags {
  readonly config?: readonly string[] | undefined
  readonly instance?: string | undefined
  readonly hostname?: string | undefined
  readonly 'stub-missing'?: boolean
}

/** What is to be read, and what a reading of no file is compared with. */
export function requestOf(flags: SourceFlags): LoadRequest {
  const name = flags.hostname
  return {
    files: flags.config?.map(file => path.resolve(file)) ?? defaultFiles(),
    instance: flags.instance ?? '',
    ...(name !== undefined && {host: {hostname: name, fqdn: name, mailname: name, inet6: true}}),
    stubMissing: flags['stub-missing'] ?? false,
  }
}
