/** Templates: Debian's amavisd and ours expand the same templates for the same mails, macro by macro. */
import assert from 'node:assert/strict'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {fileURLToPath} from 'node:url'
import {loadConfiguration} from '../../src/config/load.ts'
import {settingsOf} from '../../src/config/view.ts'
import type {SunkMail} from '../../src/demo/sink.ts'
import {bothDaemons, entries} from './both-daemons.ts'

/** What is asked of both, each value on its own. */
const MACROS = [
  '%p',
  '%h',
  '[:HOSTNAME]',
  '%P',
  '%b',
  '[:week_iso8601]',
  '[:weekday]',
  '%s',
  '%S',
  '%o',
  '%R',
  '%D',
  '%O',
  '[:dsn_notify]',
  '%l',
  '[:log_domains]',
  '%Q',
  '%m',
  '%r',
  '%j',
  '[:rfc2822_sender]',
  '[:rfc2822_from]',
  '[:rfc2822_resent_sender]',
  '[:rfc2822_resent_from]',
  '[:header_field|Subject]',
  '[:header_field|Subject|8]',
  '[:header_field|Message-ID]',
  '[:header_field|References]',
  '[:header_field|Received|30|-1]',
  '[:HEADER|To]',
  '[:useragent]',
  '[:useragent|name]',
  '[:useragent|body]',
  '%#H',
  '%z',
  '[:mail_addr_decode|a@xn--caf-dma.test]',
  '%a',
  '[:client_port]',
  '[:client_addr_port]',
  '%g',
  '[:client_helo]',
  '[:client_protocol]',
  '[:protocol]',
  '%e',
  '%t',
  '[:ip_trace_all]',
  '[:ip_trace_public]',
  '[:ip_proto_trace_all]',
  '[:ip_proto_trace_public]',
  '[:tls_in]',
  '[:remote_mta]',
  '[:smtp_response]',
  '[:remote_mta_smtp_response]',
  '[:REMOTEHOSTADDR]',
  '[:REMOTEHOSTNAME]',
  '[:ccat]',
  '[:ccat|name]',
  '[:ccat|major]',
  '[:ccat|minor]',
  '[:ccat|is_blocking]',
  '[:ccat|is_nonblocking]',
  '[:ccat|is_blocked_by_nonmain]',
  '[:ccat|name|main]',
  '[:ccat|name|blocking]',
  '[:ccat_maj]',
  '[:ccat_name]',
  '[:actions_performed]',
  '%v',
  '%V',
  '%W',
  '[:W|1]',
  '%F',
  '[:banning_rule_key]',
  '[:banning_rule_comment]',
  '[:banning_rule_rhs]',
  '[:banned_parts]',
  '[:banned_parts_as_attr]',
  '%X',
  '%c',
  '[:SCORE]',
  '[:SCORE|000]',
  '[:STARS]',
  '[:STARS|x]',
  '[:TESTS]',
  '[:TESTS|,]',
  '[:TESTSSCORES]',
  '%T',
  '[:REQD]',
  '%1',
  '%2',
  '%k',
  '[:YESNO]',
  '[:YESNOCAPS]',
  '[:YESNO|a|b]',
  '[:score_boost]',
  '[:AUTOLEARN]',
  '[:SUBJPREFIX]',
  '[:supplementary_info|AUTOLEARN|%%s]',
  '[:dkim]',
  '[:dkim|author]',
  '[:dkim|identity]',
  '[:report_format]',
  '[:feedback_type]',
  '[:attachment_password]',
  '%f',
  '%C',
  '%B',
  '[:limit|10|abcdefghijklmnop]',
  '[:dquote|a"b|c]',
  '[:uquote|a  b]',
  '[:b64encode|a|b]',
  '[:b64urlenc|??>]',
  '[:mime_decode|=?utf-8?Q?caf=C3=A9?=]',
  '[:mime2utf8|=?utf-8?Q?caf=C3=A9?=|3|1]',
  '[:wrap|60|> |  |aaa bbb ccc]',
  '[:sprintf|%%05d|7]',
  '[:join|-|a|b|c]',
  '[:min|3|1|2]',
  '[:index|abc|c]',
  '[:incr|5|2]',
  '[:substr|abcdef|-3|2]',
  '[:rot13|abc]',
  '[:hexenc|abc]',
] as const

/** Without what differs from mail to mail: ids and the sink's numbers and port. */
function comparable(text: string): string {
  return text
    .replace(/\bid=[\w-]+/g, 'id=ID')
    .replace(/SINK\d+/g, 'SINKn')
    .replace(/(virus|banned|badh|spam)-[\w-]{12}/g, '$1-ID')
    .replace(/quarantine [\w-]{12}/g, 'quarantine ID')
}

/** Where ours is another value on purpose (docs/differences.md), by macro. */
const OWN_WAY: ReadonlySet<string> = new Set(['[:YESNO]', '[:YESNOCAPS]', '[:YESNO|a|b]'])

test(
  "every macro has the value that it has in Debian's amavisd, for eight kinds of mail",
  {timeout: 120_000},
  async t => {
    const template = `${MACROS.map((macro, i) => `${i}=<${macro}>`).join(' ;; ')} END`
    const {theirs, ours} = await bothDaemons(
      t,
      () => `$log_templ = '${template}'; $log_recip_templ = undef;\n`,
    )
    const expected = await entries(theirs.port, theirs.log)
    const found = await entries(ours.port, ours.log)
    const differences: string[] = []
    let compared = 0
    for (const [name, entry] of expected) {
      const values = comparable(entry).split(' ;; ')
      const own = comparable(found.get(name) ?? '').split(' ;; ')
      assert.equal(values.length, MACROS.length, name)
      for (const [i, macro] of MACROS.entries()) {
        if (OWN_WAY.has(macro)) continue
        compared++
        if (own[i] !== values[i]) differences.push(`${name}: ${macro}: theirs ${values[i]}, ours ${own[i]}`)
      }
    }
    assert.deepEqual(differences, [])
    assert.ok(compared > 900, `${compared} values`)
  },
)

const CORPUS = path.resolve(fileURLToPath(new URL('../../../', import.meta.url)), '../shared/corpus/conf')

/** Templates of the log that configurations of the corpus have of their own. */
function corpusTemplates(): readonly string[] {
  if (!existsSync(CORPUS)) throw new Error(`this test needs ${CORPUS}`)
  const found = new Set<string>()
  for (const name of readdirSync(CORPUS).filter(file => file.endsWith('.conf'))) {
    if (!/^\s*\$log_templ\s*=/m.test(readFileSync(path.join(CORPUS, name), 'latin1'))) continue
    const loaded = loadConfiguration({files: [path.join(CORPUS, name)], instance: '', overrides: []})
    const template = loaded.kind === 'failed' ? undefined : settingsOf(loaded.snapshot).string('$log_templ')
    if (template !== undefined && !template.includes('[:category_word')) found.add(template)
  }
  return [...found]
}

test('log templates of the corpus give the same entries', {timeout: 120_000}, async t => {
  const templates = corpusTemplates()
  assert.ok(templates.length > 0)
  for (const template of templates) {
    const marked = `0=<${template.trimEnd()} END`.replaceAll("'", "\\'")
    const {theirs, ours} = await bothDaemons(t, () => `$log_templ = '${marked}'; $log_recip_templ = undef;\n`)
    const expected = await entries(theirs.port, theirs.log)
    const found = await entries(ours.port, ours.log)
    for (const [name, entry] of expected)
      assert.equal(comparable(found.get(name) ?? ''), comparable(entry), `${name}\n${template}`)
  }
})

/** What a person reads of a notification: who and what in its header, and its first text. */
function readable({octets, recipients}: SunkMail): string {
  const text = octets.toString('latin1').replaceAll('\r\n', '\n')
  const field = (name: string) =>
    new RegExp(`^${name}: (.*(?:\\n[ \\t].*)*)`, 'm').exec(text)?.[1]?.replaceAll('\n', '') ?? ''
  const boundary = /\bboundary="([^"]+)"/.exec(text)?.[1]
  const [header = '', ...rest] = (boundary ? text.split(`--${boundary}\n`)[1]! : text).split('\n\n')
  const body = rest.join('\n\n')
  assert.match(header, /^Content-Type: text\/plain/m)
  const lines = comparable(body)
    .replace(/\b\d{5}-\d{2}(?:-\d+)?\/[\w-]{12}/g, 'TASK')
    .split('\n')
    .map(line => line.trimEnd())
  return [recipients.join(), ...['From', 'To', 'Subject'].map(field), ...rulesInOrder(lines)]
    .join('\n')
    .trimEnd()
}

/** SpamAssassin names the rules that hit in any order. */
function rulesInOrder(lines: readonly string[]): readonly string[] {
  const isRule = (line: string) => /^ *-?\d+\.\d [A-Z]\w+ /.test(line)
  const rules = lines.filter(isRule).sort()
  return lines.map(line => (isRule(line) ? rules.shift()! : line))
}

test("Debian's localised templates give the same notifications", {timeout: 120_000}, async t => {
  const {sink, theirs, ours} = await bothDaemons(
    t,
    () => `read_l10n_templates('en_US', '/etc/amavis');
$virus_admin = 'admin@example.com'; $spam_admin = 'admin@example.com'; $banned_admin = 'admin@example.com';
$warnvirusrecip = 1; $warnbannedrecip = 1; $mailfrom_notify_admin = 'filter@example.com';
$mailfrom_notify_recip = 'filter@example.com'; $hdrfrom_notify_admin = 'Filter <filter@example.com>';
$hdrfrom_notify_recip = 'Filter <filter@example.com>'; $log_templ = '0=<%n END'; $log_recip_templ = undef;
`,
  )
  const notified = async (daemon: typeof ours) => {
    const before = sink.mails.length
    await entries(daemon.port, daemon.log)
    // The mails themselves pass as they are.
    const made = sink.mails.slice(before).filter(({octets}) => !/^User-Agent: /m.test(header(octets)))
    return made.map(readable).sort()
  }
  const expected = await notified(theirs)
  assert.ok(expected.length >= 7, `${expected.length}`)
  assert.deepEqual(await notified(ours), expected)
})

function header(octets: Buffer): string {
  return octets.subarray(0, octets.indexOf('\r\n\r\n')).toString('latin1')
}
