/**
 * bank-names — the names of policy banks in a setting's value.
 */
import type {Scalar} from '../config/value.ts'

const NONE: readonly string[] = []

/**
 * `A, B` as names. A false value names none, and 1 the bank that the setting stands for.
 * @param approved the name that 1 means; '' where it means nothing
 */
export function bankNames(value: Scalar, approved: string): readonly string[] {
  if (value === undefined || value === '' || value === 0 || value === '0') return NONE
  if ((value === 1 || value === '1') && approved !== '') return [approved]
  if (typeof value === 'object') return NONE
  return String(value)
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}
