/**
 * table/banks — settings: policy banks.
 */
import type {SettingDefinition} from './definition.ts'

export const BANKS: readonly SettingDefinition[] = [
  {
    name: '%policy_bank',
    kind: 'hash',
    bank: 'no',
    doc: "bank name → hash of settings; '' is the built-in bank",
  },
  {
    name: '%current_policy_bank',
    kind: 'hash',
    bank: 'no',
    doc: 'accepted without effect: the bank in force cannot be assigned',
  },
  {name: '$policy_bank_name', kind: 'str', bank: 'yes', doc: 'name of the last loaded bank'},
]
