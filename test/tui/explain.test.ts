import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {test} from 'node:test'
import {gzipSync} from 'node:zlib'
import {readSources} from '../../src/config/show/sources.ts'
import {type Rehearsal, rehearse} from '../../src/pipeline/rehearsal/rehearse.ts'
import {explainJson} from '../../src/tui/explain/json.ts'
import {explainPage} from '../../src/tui/explain/page.ts'
import type {Theme} from '../../src/tui/theme.ts'

const CONFIG = `$banned_filename_re = new_RE( qr'\\.exe$'i ); @banned_filename_maps = (\\$banned_filename_re);\n1;\n`
const RECIPIENT = 'u@example.com'

const plain = (text: string) => text
const theme = {
  title: plain,
  faint: plain,
  status: {ok: plain, warning: plain, error: plain},
} as Theme

/** A text, a gzip archive with a program, and a second encoding that nobody needs. */
const MAIL = Buffer.from(
  `From: a@example.com
Date: Mon, 1 Jan 2024 00:00:00 +0000
Content-Type: multipart/mixed; boundary=b

--b
Content-Transfer-Encoding: 7bit
Content-Transfer-Encoding: base64

aGVsbG8=
--b
Content-Type: application/gzip; name="\u001b[31mrun.exe.gz"
Content-Transfer-Encoding: base64

${gzipSync('MZ program\u0000\u0001', {level: 9}).toString('base64')}
--b--
`,
)

const MAIL_WITH_PROGRAM = Buffer.from(
  `From: a@remote.test
Date: Mon, 1 Jan 2024 00:00:00 +0000
Message-ID: <m1@remote.test>
MIME-Version: 1.0
Content-Type: application/octet-stream; name=setup.exe

no program
`,
)

/** A mail through the stages with a configuration; for one recipient where nothing else is said. */
async function look(
  conf = CONFIG,
  mail = MAIL,
  request: Partial<Rehearsal['request']> = {},
): Promise<Rehearsal> {
  const folder = mkdtempSync(path.join(tmpdir(), 'amavis-explain-test-'))
  try {
    const file = path.join(folder, 'amavisd.conf')
    writeFileSync(
      file,
      `$mydomain = 'example.com'; $myhostname = 'filter.example.com';\n@spam_scanners = ();\n${conf}`,
    )
    const {reading, settings} = readSources({files: [file], env: {}}, [])
    const {machine, snapshot} = reading
    const sources = {
      settings,
      variables: snapshot.variables,
      origins: machine.origins,
      assigned: machine.assigned,
    }
    const asked = {
      sender: 'a@remote.test',
      recipients: [RECIPIENT],
      client: undefined,
      banks: [],
      partsOnly: false,
    }
    return await rehearse(mail, {...asked, ...request}, {sources})
  } finally {
    rmSync(folder, {recursive: true})
  }
}
const pageOf = (rehearsal: Rehearsal) => explainPage(rehearsal, {theme, columns: 80, names: new Map()})

test('explain --json has the parts with members, readings and digests, and the findings', async () => {
  const {parts, mime_err, findings} = JSON.parse(explainJson(await look(), new Map()))
  assert.equal(mime_err, null)
  assert.deepEqual(Object.keys(parts[0]), [
    'n',
    'parent',
    'kind',
    'placement',
    'type_declared',
    'type_real',
    'type_short',
    'encoding',
    'names',
    'size',
    'sha1',
    'flags',
    'reading',
  ])
  assert.deepEqual(
    parts.map((part: Record<string, unknown>) => [
      part['n'],
      part['parent'],
      part['placement'],
      part['flags'],
    ]),
    [
      [1, 3, '1/1', 'B'],
      [2, 3, '1/2', ''],
      [3, 0, '1', ''],
      [4, 3, '1/1', ''],
      [5, 2, '1/2/1', ''],
    ],
  )
  assert.equal(parts[0].sha1, createHash('sha1').update('aGVsbG8=').digest('hex'))
  assert.equal(parts[2].size, null)
  assert.equal(parts[3].reading, 'Content-Transfer-Encoding: base64')
  assert.equal(parts[4].size, 12)
  const kinds = findings.map(({kind}: {kind: string}) => kind)
  assert.ok(kinds.includes('unchecked'))
})

test('explain --parts-only shows the parts, asks no scanner and tries no rule', async () => {
  const rehearsal = await look(CONFIG, MAIL, {partsOnly: true})
  assert.equal(rehearsal.banned, undefined)
  assert.deepEqual(rehearsal.scanners, [])
  assert.doesNotMatch(pageOf(rehearsal), /destiny|answer/)
})

test('the page shows the tree, what rules were tried on, and nothing that a terminal obeys', async () => {
  const page = pageOf(await look())
  const lines = page.split('\n')
  assert.ok(lines.includes('p003 1 container'))
  assert.ok(lines.includes('  p002 1/2'))
  assert.ok(lines.includes('    p005 1/2/1'))
  assert.match(page, /tried +multipart\/mixed {2}application\/gzip/)
  assert.match(page, /seen by +clients that read "Content-Transfer-Encoding: base64"/)
  assert.match(page, /found +UNCHECKED-3 p001: Content-Transfer-Encoding: base64/)
  assert.doesNotMatch(page, /\u001b/)
  for (const line of lines) assert.ok(line.length <= 80, line)
})

test('amavis explain reads standard input, and fails with a reason', t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'amavis-explain-test-'))
  t.after(() => rmSync(folder, {recursive: true}))
  const config = path.join(folder, 'amavisd.conf')
  writeFileSync(config, CONFIG)
  const amavis = path.resolve(import.meta.dirname, '..', '..', '..', 'bin', 'amavis.js')
  const args = [amavis, 'explain', '-', '--json', '--parts-only', '-c', config]
  const {parts} = JSON.parse(execFileSync(process.execPath, args, {input: MAIL, encoding: 'utf8'}))
  assert.equal(parts.length, 5)
  const missing = [amavis, 'explain', path.join(folder, 'mail.eml'), '-c', config]
  assert.throws(() => execFileSync(process.execPath, missing, {stdio: 'pipe'}), /ENOENT.*mail\.eml/)
})

const POLICY = `@local_domains_maps = (['.example.com']);
$QUARANTINEDIR = '/nonexistent';
$sa_tag_level_deflt = -999; $sa_tag2_level_deflt = 6; $sa_kill_level_deflt = 6.9;
$sa_spam_subject_tag = '*SPAM* ';
$final_spam_destiny = D_REJECT; $final_banned_destiny = D_BOUNCE; $final_virus_destiny = D_DISCARD;
%spam_lovers = ('lover@example.com' => 1);
@spam_lovers_maps = (\\%spam_lovers);
$policy_bank{'STRICT'} = {final_banned_destiny => D_REJECT};
@mynetworks = ('192.0.2.0/24');
$policy_bank{'MYNETS'} = {originating => 1};
$banned_filename_re = new_RE( qr'\\.exe$'i );
1;
`
const HEAD = 'From: a@remote.test\nDate: Sun, 22 Nov 2026 12:00:00 +0000\nMessage-ID: <m1@remote.test>\n'
const GTUBE = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL', '*C.34X'].join('')
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE', '!$H+H*'].join('')
const SPAM = Buffer.from(`${HEAD}Subject: offer\nX-Spam-Flag: NO\n\n${GTUBE}\n`)

test('spam: one recipient is refused it, another loves it and gets it tagged', async () => {
  const page = pageOf(await look(POLICY, SPAM, {recipients: ['user@example.com', 'lover@example.com']}))
  const [, user = '', lover = ''] =
    /\n<user@example.com>\n([\s\S]*)\n<lover@example.com>\n([\s\S]*)$/.exec(page) ?? []
  assert.match(user, /score +1000 = GTUBE=1000/)
  assert.match(user, /destiny +REJECT for Spam/)
  assert.match(user, /%lovers_maps_by_ccat\{6\}: no/)
  assert.match(lover, /destiny +PASS: nothing blocks/)
  assert.match(lover, /%spam_lovers lover@example\.com => 1,\s+\S+amavisd\.conf:8/)
  assert.match(lover, /next hop +\S+ from <a@remote\.test> for <lover@example\.com>/)
  assert.match(lover, /\+ +X-Spam-Flag: YES/)
  assert.match(lover, /= +Subject: \*SPAM\* offer\n +was Subject: offer/)
  assert.match(lover, /- +X-Spam-Flag: NO/)
  assert.match(lover, /quarantine +local:spam-%m\.gz in spam-quarantine/)
  assert.match(page, /%final_destiny_maps_by_ccat: 6 => \$final_spam_destiny -3,\s+\S+amavisd\.conf:7/)
})

test('an infected mail: what was found, and that nobody gets anything', async () => {
  const rehearsal = await look(POLICY, Buffer.from(`${HEAD}\n${EICAR}\n`), {recipients: ['user@example.com']})
  const page = pageOf(rehearsal)
  assert.match(page, /found +INFECTED Eicar-Test-Signature/)
  assert.match(page, /destiny +DISCARD for Virus/)
  assert.match(page, /answer +250 2\.7\.0 Ok, discarded/)
  assert.deepEqual(rehearsal.copies, [])
})

test('a banned mail: the DSN that its sender would get; a bank that is asked for changes it', async () => {
  const request = {recipients: ['user@example.com'], client: '192.0.2.7'}
  const banned = pageOf(await look(POLICY, MAIL, request))
  assert.match(banned, /banks +MYNETS/)
  assert.match(banned, /@client_ipaddr_policy for 192\.0\.2\.7.*: @mynetworks\s+192\.0\.2\.0\/24 => 1/)
  const bounced = MAIL_WITH_PROGRAM
  const page = pageOf(await look(POLICY, bounced, request))
  assert.match(page, /banned +by \(\?\^i:/)
  assert.match(page, /destiny +BOUNCE for Banned/)
  assert.match(page, /DSN +smtp:\S+ from <> for <a@remote\.test>/)
  const strict = pageOf(await look(POLICY, bounced, {...request, banks: ['STRICT', 'NONE']}))
  assert.match(strict, /banks +MYNETS, STRICT/)
  assert.match(strict, /policy bank "NONE" does not exist/)
  assert.match(strict, /destiny +REJECT for Banned/)
  assert.match(strict, /\$final_banned_destiny -3,\s+\S+amavisd\.conf:10/)
})

test('--json tells the same', async () => {
  const rehearsal = await look(POLICY, SPAM, {recipients: ['user@example.com', 'lover@example.com']})
  const told = JSON.parse(explainJson(rehearsal, new Map()))
  assert.deepEqual(
    told.recipients.map(({address, destiny, score}: Record<string, unknown>) => [address, destiny, score]),
    [
      ['user@example.com', 'REJECT', 1000],
      ['lover@example.com', 'PASS', 1000],
    ],
  )
  assert.equal(told.copies[0].purpose, 'Relay')
  const edits = told.copies[0].header_edits.map(({kind, field}: {kind: string; field: string}) => [
    kind,
    field.split(':')[0],
  ])
  assert.deepEqual(edits.at(-1), ['remove', 'X-Spam-Flag'])
  const loved = told.lookups.find(
    ({map, key}: Record<string, string>) => map === '%lovers_maps_by_ccat{6}' && key === 'lover@example.com',
  )
  assert.equal(loved.answer.key, 'lover@example.com')
  assert.equal(loved.stage, 'decide_mail_destiny')
  assert.equal(told.failure, null)
})

test('a stage that fails is told with its reason, and the client would get a 451', async () => {
  const rehearsal = await look(`@forward_method_maps = ();\n${POLICY}`, Buffer.from(`${HEAD}\nhello\n`))
  assert.match(rehearsal.failure ?? '', /^forward FAILED: no \$forward_method/)
  assert.equal(rehearsal.reply.code, 451)
  assert.match(pageOf(rehearsal), /failed +forward FAILED/)
})
