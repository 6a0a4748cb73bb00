/**
 * own-words — what SpamAssassin's debug output says of its rules, preferences, Bayes, networks and the mail's relays.
 *
 * The same words come from our helper and from the program spamassassin; what differs between the two is why a mail
 * can get other points when somebody runs the program by hand. Pure. Source: the output of SpamAssassin 4.0.
 */

/** A relay of the mail, as SpamAssassin takes it. */
export interface Relay {
  readonly address: string
  readonly trusted: boolean
  readonly internal: boolean
  readonly msa: boolean
}

export interface OwnWords {
  readonly rules: string | undefined
  readonly site: string | undefined
  readonly preferences: string | undefined
  readonly bayes: string | undefined
  /** all that were read, in order */
  readonly files: readonly string[]
  readonly relays: readonly Relay[]
}

/** @param lines each `area: text`, without date and process */
export function ownWords(lines: readonly string[]): OwnWords {
  const first = (pattern: RegExp) => {
    for (const line of lines) {
      const found = pattern.exec(line)?.[1]
      if (found !== undefined) return found
    }
    return undefined
  }
  const bayes = first(
    /\bbayes: (?:tie-ing to DB file R\/O|no dbs present, cannot tie DB R\/O:) (\S+?)(?:_toks)?$/,
  )
  const isEmpty = lines.some(line => /\bbayes: no dbs present/.test(line))
  return {
    rules: first(/\bconfig: using "(.*)" for default rules dir/),
    site: first(/\bconfig: using "(.*)" for site rules (?:dir|pre files)/),
    preferences: first(/\bconfig: using "(.*)" for user prefs file/),
    bayes: bayes && `${bayes}${isEmpty ? ', not there' : ''}`,
    files: lines.flatMap(line => /\bconfig: read file (.*)$/.exec(line)?.[1] ?? []),
    relays: lines.flatMap(line => {
      const [, address, ...said] =
        /\breceived-header: relay (\S+) trusted\? (\w+) internal\? (\w+) msa\? (\w+)/.exec(line) ?? []
      if (address === undefined) return []
      const [trusted = false, internal = false, msa = false] = said.map(word => word === 'yes')
      return [{address, trusted, internal, msa}]
    }),
  }
}

export const NETWORKS = ['trusted_networks', 'internal_networks', 'msa_networks'] as const
export type Networks = Readonly<Record<(typeof NETWORKS)[number], readonly string[]>>

/** What configuration files say of networks; later ones add to earlier ones. */
export function networksIn(texts: readonly string[]): Networks {
  const found = Object.fromEntries(NETWORKS.map(name => [name, [] as string[]])) as Record<
    (typeof NETWORKS)[number],
    string[]
  >
  for (const line of texts.flatMap(text => text.split('\n'))) {
    const [, clears, name, values] =
      /^\s*(clear_)?((?:trusted|internal|msa)_networks)\b([^#]*)/.exec(line) ?? []
    const list = NETWORKS.find(known => known === name)
    if (list === undefined) continue
    if (clears) found[list] = []
    else found[list].push(...(values ?? '').split(/\s+/).filter(Boolean))
  }
  return found
}
