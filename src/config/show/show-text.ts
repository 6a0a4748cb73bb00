/**
 * show/show-text — settings as a configuration that can be loaded, each with where it comes from.
 *
 *   $max_servers = 4;  # /etc/amavis/conf.d/50-user:12
 */
import type {Box} from '../snapshot.ts'
import type {HashBox, Scalar} from '../value.ts'
import {namesOf} from './json-form.ts'
import {quoted, statementsText, valueText} from './perl-text.ts'
import type {Shown} from './shown.ts'

/** Facts that a configuration may read and must not set. */
const READ_ONLY = new Set(['%current_policy_bank', '@dkim_signing_keys_storage'])

/** @param columns of a line that has its origin beside it; longer ones have it above */
export function showText(
  settings: readonly Shown[],
  variables: ReadonlyMap<string, Box>,
  columns: number,
): string {
  const names = namesOf(variables)
  const lines = settings.flatMap(({setting, box, origin}) => {
    const {name} = setting
    if (READ_ONLY.has(name)) return []
    const texts =
      name === '@dkim_signing_keys_list' && box.kind === 'array'
        ? keyTexts(box.items, variables)
        : statementsText(name, box, names)
    return texts.map(text => withOrigin(text, origin, columns))
  })
  return lines.map(line => `${line}\n`).join('')
}

function withOrigin(statement: string, origin: string, columns: number): string {
  const last = statement.slice(statement.lastIndexOf('\n') + 1)
  const note = `# ${origin}`
  return last.length + 2 + note.length <= columns ? `${statement}  ${note}` : `${note}\n${statement}`
}

/** Signing keys as they are declared: by their files. A key that stands in the configuration is not shown. */
function keyTexts(list: readonly Scalar[], variables: ReadonlyMap<string, Box>): readonly string[] {
  const storage = variables.get('@dkim_signing_keys_storage')
  const stored = storage?.kind === 'array' ? storage.items : []
  return list.map(item => {
    const entries = hashOf(item)?.entries ?? new Map<string, Scalar>()
    const value = (key: string) => valueText(entries.get(key), new Map())
    const file = hashOf(stored[Number(entries.get('key_storage_ind'))])?.entries.get('file')
    const options = [...entries].filter(([key]) => !/^(?:domain|selector|key_ind|key_storage_ind)$/.test(key))
    const more = options.map(([key, entry]) => `, ${quoted(key)} => ${valueText(entry, new Map())}`).join('')
    const call = (key: string) => `dkim_key(${value('domain')}, ${value('selector')}, ${key}${more});`
    return typeof file === 'string' ? call(quoted(file)) : `# ${call('a key that is not shown')}`
  })
}

function hashOf(value: Scalar): HashBox | undefined {
  return typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'hash' ? value.to : undefined
}
