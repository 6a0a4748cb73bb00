/**
 * Archives that only programs of other packages open (Debian: arc, lrzip), made by these programs themselves.
 */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {amavis} from '../support/amavis.ts'

const TEXT = 'a line of a text that packs well\n'.repeat(400)

const OTHER = 'another one, with a form feed at its end\f'

for (const {program, archive, args, packed, opener} of [
  {
    ...{program: 'arc', archive: 't.arc', args: ['a', 't.arc', 'text.txt', 'other.txt']},
    ...{packed: [TEXT, OTHER], opener: `$arc = ['arc'];`},
  },
  {
    ...{program: 'arc', archive: 't.arc', args: ['a', 't.arc', 'text.txt', 'other.txt']},
    ...{packed: [TEXT, OTHER], opener: `$arc = ['nomarch'];`},
  },
  {
    ...{program: 'lrzip', archive: 't.lrz', args: ['-q', '-o', 't.lrz', 'text.txt']},
    ...{packed: [TEXT], opener: ''},
  },
]) {
  test(`what ${program} has packed is found by its digest (${opener || 'default'})`, async t => {
    assert.ok(existsSync(`/usr/bin/${program}`), `install the package ${program}`)
    const folder = folderFor(t)
    writeFileSync(path.join(folder, 'text.txt'), TEXT)
    writeFileSync(path.join(folder, 'other.txt'), OTHER)
    execFileSync(program, args, {cwd: folder, stdio: 'ignore'})
    const conf = path.join(folder, 'amavisd.conf')
    writeFileSync(conf, `$MYHOME = '${folder}'; ${opener}\n1;\n`)
    const mail = path.join(folder, 'mail')
    writeFileSync(mail, mailWith(readFileSync(path.join(folder, archive)), archive))
    const {stdout, stderr} = await amavis('explain', '--json', '--parts-only', '-c', conf, mail)
    for (const text of packed)
      assert.ok(stdout.includes(createHash('sha1').update(text).digest('hex')), `${stdout}${stderr}`)
    for (const name of args.slice(2).filter(() => program === 'arc'))
      assert.ok(stdout.includes(`["${name}"]`), stdout)
  })
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'amavis-programs-'))
  t.after(() => rmSync(folder, {recursive: true}))
  return folder
}

function mailWith(octets: Buffer, name: string): string {
  return [
    'From: <a@example.org>',
    'Subject: an archive',
    'MIME-Version: 1.0',
    `Content-Type: application/octet-stream; name="${name}"`,
    'Content-Transfer-Encoding: base64',
    '',
    octets.toString('base64').replace(/.{76}/g, '$&\r\n'),
    '',
  ].join('\r\n')
}
