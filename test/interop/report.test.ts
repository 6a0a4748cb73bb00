/** The JSON report: Debian's amavisd and ours tell the same of the same mails, key by key. */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {temporaryFolder} from '../support/wait.ts'
import {bothDaemons, EICAR, entries, HEADER, KINDS, kind, TEXT} from './both-daemons.ts'

const ATTACHMENTS = `Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

text
--b
Content-Type: application/octet-stream; name="first name.bin"
Content-Disposition: attachment; filename="second.bin"

plain
--b
Content-Type: application/octet-stream; name="=?utf-8?Q?caf=C3=A9?=.txt"

plain
--b
Content-Type: message/rfc822; name="inner.eml"

Subject: x
Content-Type: text/plain; name="within.txt"

inner
--b
Content-Type: application/zip; name="a.zip"
Content-Transfer-Encoding: base64

ZIP
--b--
`

function zipFile(folder: string): string {
  writeFileSync(path.join(folder, 'member.txt'), 'hello')
  execFileSync('zip', ['-q', 'a.zip', 'member.txt'], {cwd: folder})
  return readFileSync(path.join(folder, 'a.zip')).toString('base64')
}

const ODD = `${HEADER}X-Odd: caf\xe9\n${TEXT}text\n`

/** Copies go where each protocol takes them, so that each type of quarantine is there. */
const LINES = (folder: string) => `
@av_scanners = (@av_scanners, ['Second', '${folder}/scanner', '{}', [0], [1], qr/^FOUND (\\S+)/m],
  ['Finds nothing', '/bin/true', '{}', [0], [1], qr/^FOUND (\\S+)/m]);
$virus_quarantine_method = $forward_method; $virus_quarantine_to = 'quarantine@example.com';
$banned_files_quarantine_method = 'bsmtp:banned-%m'; $archive_quarantine_method = 'local:archive-%m';
$archive_quarantine_to = 'archive'; @blacklist_sender_maps = (['black@remote.test']);
$log_templ = '0=<[:report_json] END'; $log_recip_templ = undef; $logline_maxlen = 20000;
`

/** What is different for each mail and each daemon. */
const OWN = ['@timestamp', 'dst_port', 'elapsed', 'mail_id', 'time_unix', 'time_iso_week_date']

type Report = Readonly<Record<string, unknown>>

function read(entry: string): Report {
  const text = entry
    .replace(/^0=</, '')
    .replace(/\b\d{5}-\d\d\b/g, 'TASK')
    .replace(/SINK\d+/g, 'SINKn')
    .replace(/\b(virus|banned|badh|spam|archive)-[\w-]{12}/g, '$1-ID')
    .replace(/(127\.0\.0\.1\]):\d+/g, '$1:PORT')
  return JSON.parse(text)
}

/** Tests that are worth the same come in any order. */
function compared(report: Report): Report {
  const sorted = (name: string) => {
    const list = report[name]
    return Array.isArray(list) ? list.toSorted() : list
  }
  const rest = Object.entries(report).filter(([name]) => !OWN.includes(name))
  return {...Object.fromEntries(rest), tests_spam: sorted('tests_spam'), tests_ham: sorted('tests_ham')}
}

test("the JSON report has what that of Debian's amavisd has", {timeout: 120_000}, async t => {
  const {theirs, ours} = await bothDaemons(t, LINES)
  const kinds = [
    ...KINDS,
    kind('attachments', HEADER + ATTACHMENTS.replace('ZIP', zipFile(temporaryFolder(t)))),
    kind('infected for two', `${HEADER}${TEXT}${EICAR}\n`, 'sender@remote.test', [
      'user@example.com',
      'far@elsewhere.test',
    ]),
    kind('odd header', ODD, 'spammy@remote.test'),
    kind('blacklisted', `${HEADER}${TEXT}text\n`, 'black@remote.test'),
  ]
  const expected = await entries(theirs.port, theirs.log, kinds)
  const found = await entries(ours.port, ours.log, kinds)
  for (const [name, entry] of expected) {
    const [report, own] = [read(entry), read(found.get(name) ?? '{}')]
    assert.deepEqual(compared(own), compared(report), name)
    assert.deepEqual(Object.keys(own), Object.keys(report), name)
    for (const key of OWN) assert.equal(typeof own[key], typeof report[key], `${name}: ${key}`)
    const [parts, theirParts] = [own['elapsed'], report['elapsed']] as Record<string, number>[]
    assert.deepEqual(Object.keys(parts ?? {}), Object.keys(theirParts ?? {}), name)
    assert.match(found.get(name) ?? '', /"Total":\d+\.\d{3}\b/)
  }
})
