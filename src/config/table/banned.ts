/**
 * table/banned — settings: banned and header checks.
 */
import type {SettingDefinition} from './definition.ts'

export const BANNED: readonly SettingDefinition[] = [
  {
    name: '@banned_filename_maps',
    kind: 'recip→names or tables',
    bank: 'yes',
    default: "('DEFAULT')",
    doc: 'rules that apply to a recipient: names of %banned_rules, or tables; all matches are collected',
  },
  {
    name: '%banned_rules',
    kind: 'hash',
    bank: 'no',
    afterDefault: "('DEFAULT' => $banned_filename_re)",
    doc: "rule name → one lookup table; when empty, 'DEFAULT' is $banned_filename_re",
  },
  {name: '$banned_filename_re', kind: 're', bank: 'no', doc: 'traditional banned table'},
  {
    name: '$banned_namepath_re',
    kind: 're',
    bank: 'yes',
    doc: 'new-style table, matched against a newline joined path',
  },
  {
    name: '@bypass_banned_checks_maps',
    kind: 'recip→bool',
    bank: 'yes',
    default: '(\\%bypass_banned_checks, \\@bypass_banned_checks_acl, \\$bypass_banned_checks_re)',
    doc: 'skip banned checks',
  },
  {
    name: '%bypass_banned_checks',
    kind: 'hash',
    bank: 'maps',
    doc: 'hash in @bypass_banned_checks_maps: address or domain => value',
  },
  {
    name: '@bypass_banned_checks_acl',
    kind: 'acl',
    bank: 'maps',
    doc: 'list in @bypass_banned_checks_maps: addresses and domains, "!" before one means no',
  },
  {
    name: '$bypass_banned_checks_re',
    kind: 're',
    bank: 'maps',
    doc: 'regular expressions in @bypass_banned_checks_maps, new_RE(…)',
  },
  {
    name: '%allowed_header_tests',
    kind: 'hash',
    bank: 'yes',
    default:
      "('8bit' => 1, 'control' => 1, 'empty' => 1, 'long' => 1, 'mime' => 1, 'missing' => 1, 'multiple' => 1, 'other' => 1, 'syntax' => 1, 'utf8' => 0)",
    doc: 'header tests to run',
  },
  {
    name: '@bypass_header_checks_maps',
    kind: 'recip→bool',
    bank: 'yes',
    default: '(\\%bypass_header_checks, \\@bypass_header_checks_acl, \\$bypass_header_checks_re)',
    doc: 'skip header checks',
  },
  {
    name: '%bypass_header_checks',
    kind: 'hash',
    bank: 'maps',
    doc: 'hash in @bypass_header_checks_maps: address or domain => value',
  },
  {
    name: '@bypass_header_checks_acl',
    kind: 'acl',
    bank: 'maps',
    doc: 'list in @bypass_header_checks_maps: addresses and domains, "!" before one means no',
  },
  {
    name: '$bypass_header_checks_re',
    kind: 're',
    bank: 'maps',
    doc: 'regular expressions in @bypass_header_checks_maps, new_RE(…)',
  },
]
