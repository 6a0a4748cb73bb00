/**
 * table/facts — settings: run-time facts and constants visible to config files.
 */
import type {SettingDefinition} from './definition.ts'

export const FACTS: readonly SettingDefinition[] = [
  {name: '$AF_INET6', kind: 'int', bank: 'no', default: '10', doc: 'address family number'},
  {name: '$have_inet4', kind: 'bool', bank: 'no', default: '1', doc: 'IPv4 sockets work'},
  {name: '$have_inet6', kind: 'bool', bank: 'no', default: '1', doc: 'IPv6 sockets work'},
  {
    name: '$io_socket_module_name',
    kind: 'str',
    bank: 'no',
    default: "'IO::Socket::IP'",
    doc: 'Perl socket module',
  },
  {name: '$my_pid', kind: 'int', bank: 'no', doc: 'process id, for configurations to read'},
  {
    name: '%ccat_display_names',
    kind: 'hash',
    bank: 'no',
    default: `(CC_CATCHALL, 'CatchAll', CC_CLEAN, 'Clean', CC_CLEAN.",1", 'CleanTag', CC_MTA, 'MtaFailed', CC_MTA.",1", 'MtaTempFailed', CC_MTA.",2", 'MtaRejected', CC_OVERSIZED, 'Oversized', CC_BADH, 'BadHdr', CC_BADH.",1", 'BadHdrMime', CC_BADH.",2", 'BadHdr8bit', CC_BADH.",3", 'BadHdrChar', CC_BADH.",4", 'BadHdrSpace', CC_BADH.",5", 'BadHdrLong', CC_BADH.",6", 'BadHdrSyntax', CC_BADH.",7", 'BadHdrMissing', CC_BADH.",8", 'BadHdrDupl', CC_SPAMMY, 'Spammy', CC_SPAMMY.",1", 'Spammy3', CC_SPAM, 'Spam', CC_UNCHECKED, 'Unchecked', CC_UNCHECKED.",1", 'UncheckedEncrypted', CC_UNCHECKED.",2", 'UncheckedOverLimits', CC_UNCHECKED.",3", 'UncheckedAmbiguousContent', CC_BANNED, 'Banned', CC_VIRUS, 'Virus')`,
    doc: 'display names of contents categories',
  },
  {
    name: '%ccat_display_names_major',
    kind: 'hash',
    bank: 'no',
    default:
      "(CC_CATCHALL, 'CatchAll', CC_CLEAN, 'Clean', CC_MTA, 'MtaFailed', CC_OVERSIZED, 'Oversized', CC_BADH, 'BadHdr', CC_SPAMMY, 'Spammy', CC_SPAM, 'Spam', CC_UNCHECKED, 'Unchecked', CC_BANNED, 'Banned', CC_VIRUS, 'Virus')",
    doc: 'display names of major contents categories',
  },
]
