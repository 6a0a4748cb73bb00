/**
 * table/definition — what the table says of one setting.
 *
 * Defaults are written in the configuration language itself and evaluated by it, so `config show default`
 * prints what an operator would write. Source: spec/config, Configuration variables.
 */

/** `bool`, `int`, `path` …: what a scalar holds; `recip→num`: a list of look-up tables, by what to what. */
export type Kind =
  | 'acl'
  | 'addr'
  | 'addr/list'
  | 'bool'
  | 'bool/str'
  | 'bytes'
  | 'charset'
  | 'destiny'
  | 'enum'
  | 'fqdn'
  | 'hash'
  | 'hash ref'
  | 'int'
  | 'ip-acl'
  | 'ip-list of tables'
  | 'list'
  | 'method'
  | 'method or list'
  | 'num'
  | 'obj'
  | 'pairs'
  | 'path'
  | 'path/list'
  | 'port/list'
  | 'program'
  | 're'
  | 'sec'
  | 'socket'
  | 'str'
  | 'str/code'
  | 'template'
  | 'value/code'
  | `${string}→${string}`

export interface SettingDefinition {
  /** with its sigil */
  readonly name: `$${string}` | `@${string}` | `%${string}`
  readonly kind: Kind
  /** May it be a key of a policy bank? `maps`: no, but the `*_maps` list it belongs to may. */
  readonly bank: 'yes' | 'no' | 'maps'
  /** before any file is read; left out: undef, or empty */
  readonly default?: string
  /** after the last file, where the setting is still undef, or empty */
  readonly afterDefault?: string
  /** accepted without effect; `warns`: changing it is worth a warning */
  readonly obsolete?: 'warns' | 'silent'
  /** of an obsolete setting: what does its work now, as advice */
  readonly successor?: string
  /** the only texts it takes, in small letters */
  readonly choices?: readonly string[]
  /** nothing could stand in for another text: it is an error */
  readonly strict?: true
  readonly doc: string
}

/** A text as a default: as Perl writes it. */
export function textDefault(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
