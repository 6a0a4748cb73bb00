/**
 * show/secrets — values with their passwords covered: what is shown gets into tickets and mails.
 *
 * Covered are passwords of users and databases, wherever they stand: a setting of its own, an entry of a hash or of
 * a policy bank, the third item of a data source, a word of its name. What is left still says that there is one.
 */
import type {Box} from '../snapshot.ts'
import type {Scalar} from '../value.ts'
import type {Names} from './json-form.ts'

/** What stands in the place of a secret; an empty or missing one is shown as it is. */
const COVER = '********'

/** Settings and keys whose whole value is one. */
const SECRET = /^(?:.*_)?(?:pass|passwd|password|secret)$/i
/** `$attachment_password` is a name for what has no secret in it: which passwords the mail is searched for. */
const NO_SECRET = new Set(['attachment_password'])
/** Hashes of users with their passwords. */
const USERS = new Set(['smtpd_auth_users'])
const DATA_SOURCES = /^(?:lookup|storage)_(?:sql|redis)_dsn$/
/** `password=x`, `passwd=x` or `user:x@` in the name of a data source. */
const WORDS = /((?:^|[;?& ,:])(?:pass|passwd|password|secret)=)[^;&\s]*|(:\/\/[^:@/\s]*:)[^@\s]+(?=@)/gi

/**
 * The setting or entry of this name (with or without sigil) without secrets; the same box where there are none.
 * References to settings stay: they are shown by name.
 */
export function withoutSecrets(name: string, box: Box, names: Names): Box {
  return covered(name.replace(/^[$@%]/, ''), box, {names, above: new Set()})
}

interface Context {
  readonly names: Names
  /** containers that we are in */
  readonly above: ReadonlySet<Box>
}

function covered(name: string, box: Box, {names, above}: Context): Box {
  if (above.has(box)) return box
  const inside = {names, above: new Set(above).add(box)}
  switch (box.kind) {
    case 'scalar': {
      const value = coveredValue(name, box.value, inside)
      return value === box.value ? box : {kind: 'scalar', value}
    }
    case 'array': {
      const items = DATA_SOURCES.test(name)
        ? box.items.map(item => coveredSource(item, inside))
        : box.items.map(item => coveredValue(name, item, inside))
      return items.every((item, i) => item === box.items[i]) ? box : {kind: 'array', items}
    }
    case 'hash': {
      const entries = new Map(
        [...box.entries].map(([key, value]) => [
          key,
          USERS.has(name) ? cover(value) : coveredValue(key, value, inside),
        ]),
      )
      return [...entries].every(([key, value]) => value === box.entries.get(key))
        ? box
        : {kind: 'hash', entries}
    }
  }
}

function coveredValue(name: string, value: Scalar, context: Context): Scalar {
  const reference = typeof value === 'object' && value.kind === 'ref' ? value : undefined
  if (reference && context.names.has(reference.to)) return value
  if (SECRET.test(name) && !NO_SECRET.has(name)) return cover(value)
  if (!reference) return value
  const to = covered(name, reference.to, context)
  return to === reference.to ? value : {kind: 'ref', to}
}

/** `['DBI:mysql:…', user, password, options]`, or a hash for Redis. */
function coveredSource(source: Scalar, context: Context): Scalar {
  if (typeof source === 'string') return source.replace(WORDS, `$1$2${COVER}`)
  if (typeof source !== 'object' || source.kind !== 'ref' || context.names.has(source.to)) return source
  const {to} = source
  if (to.kind !== 'array') return coveredValue('', source, context)
  const [where, user, password, ...more] = to.items
  const items = [
    typeof where === 'string' ? where.replace(WORDS, `$1$2${COVER}`) : where,
    user,
    cover(password),
    ...more.map(item => coveredValue('', item, context)),
  ].slice(0, to.items.length)
  return items.every((item, i) => item === to.items[i]) ? source : {kind: 'ref', to: {kind: 'array', items}}
}

function cover(value: Scalar): Scalar {
  return value === undefined || value === '' ? value : COVER
}
