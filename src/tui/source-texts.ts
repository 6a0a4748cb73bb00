/**
 * source-texts — how a classic display speaks of where its data comes from.
 */

export interface SourceTexts {
  absent(name: string): string
  reopened(name: string): string
}

/** As the originals say it of a database of theirs. */
export function databaseTexts(kind: 'nanny' | 'snmp'): SourceTexts {
  return {
    absent: name => `No ${kind} database ${name}; waiting...`,
    reopened: name => `Reopening ${kind} database ${name}`,
  }
}
