/**
 * settings — how everything else reads the configuration.
 *
 * A view is a baseline plus loaded policy banks; it never changes, loading a bank makes a new view.
 * Names carry their sigil: `$max_servers`, `@mynetworks`, `%final_destiny_by_ccat`.
 */
import type {Code, Scalar} from './value.ts'

/**
 * Runs the program of a sub, in list context, in a bounded number of steps; it reads settings through
 * `settings` and changes none.
 * @throws AmavisError AM_CONFIG naming the sub's place when it fails or does not end
 */
export type RunSub = (code: Code, args: readonly Scalar[], settings: Settings) => readonly Scalar[]

/** One record of an SQL or LDAP server: column or attribute → value; undefined for NULL or none. */
export type DirectoryRecord = ReadonlyMap<string, string | number | undefined>

/** What the servers were asked about the addresses of one mail, each once, before its look-ups. */
export interface Directory {
  /** Records for an address, the most specific first; undefined: the server was not asked about it. */
  records(server: 'sql' | 'ldap', address: string): readonly DirectoryRecord[] | undefined
}

/**
 * Takes what the log is to say of the loading of banks, with its level: 3 for each that is loaded, 5 for one
 * that does not exist (the default client policy names MYNETS, which need not), -1 for a key that is no
 * setting and for an ACTION that fails.
 */
export type BankReport = (line: string, level: number) => void

/** Is told of look-ups as they are made; only where a person asks why. */
export interface LookupObserver {
  /** A key was asked for in tables; `of` says what it is. */
  asked(tables: readonly Scalar[], key: string, of: 'address' | 'client', settings: Settings): void
  /** A hash by contents category had an entry for one of the categories asked for. */
  chose(hash: `%${string}`, key: string, value: Scalar, settings: Settings): void
}

export interface Settings {
  /** undefined in the daemon */
  readonly observer?: LookupObserver | undefined
  /** A scalar as it is; undef is undefined. Unknown names are a bug of ours and throw. */
  scalar(name: `$${string}`): Scalar
  /** A scalar as text; undefined when undef or a reference. */
  string(name: `$${string}`): string | undefined
  /** A scalar as a number by Perl's rules; undefined when undef or a reference. */
  number(name: `$${string}`): number | undefined
  /** A scalar's truth by Perl's rules. */
  flag(name: `$${string}`): boolean
  list(name: `@${string}`): readonly Scalar[]
  hash(name: `%${string}`): ReadonlyMap<string, Scalar>
  /**
   * An entry of the bank in force by its name without sigil, as `c('name')` gives it to a configuration's
   * subs (spec/config, Policy banks, Access): lists and hashes as references.
   * @throws AmavisError AM_CONFIG when no bankable setting has this name
   */
  entry(name: string): Scalar
  /**
   * The view with these banks loaded on top, in order; '' is the built-in one, with which loading starts
   * anew. A list given again, as the same array, costs one look-up; the ACTION of each bank is run every time.
   */
  withBanks(names: readonly string[], report: BankReport): Settings
  /** The same settings for a mail about whose addresses servers were asked; banks loaded on top keep it. */
  withDirectory(directory: Directory): Settings
  /** what servers know; undefined where none was asked */
  readonly directory: Directory | undefined
  /** runs subs that are programs; undefined where nothing can */
  readonly runSub: RunSub | undefined
  /** Bank names joined by `/` in load order, '' for none: the bank path of the log line. */
  readonly bankPath: string
}
