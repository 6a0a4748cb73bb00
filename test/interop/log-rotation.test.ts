/** Debian's logrotate rotates our log by the recipe of docs/logging.md, and by copytruncate, while `amavis log` follows it. */
import assert from 'node:assert/strict'

import {execFileSync, spawn} from 'node:child_process'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {gunzipSync} from 'node:zlib'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {AMAVIS, amavis} from '../support/amavis.ts'
import {startDaemon} from '../support/daemon.ts'
import {readRecipe} from '../support/recipe.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {octetsOf, SENDER, USER} from './recipe-site.ts'

const LOGROTATE = '/usr/sbin/logrotate'

test(
  'a log that logrotate rotates is followed without a gap, and read compressed',
  {timeout: 120_000},
  async t => {
    if (!existsSync(LOGROTATE)) throw new Error('this test needs the Debian package logrotate')
    const sink = await startSink()
    t.after(() => sink.close())
    const home = temporaryFolder(t)
    const port = await freePort()
    await startDaemon(t, home, port, `$forward_method = 'smtp:[127.0.0.1]:${sink.port}';`)
    const which = ['-c', path.join(home, 'amavisd.conf')]
    const file = path.join(home, 'amavis.log')

    const follower = spawn(process.execPath, [AMAVIS, 'log', '--follow', '--json', ...which], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => follower.kill('SIGKILL'))
    let said = ''
    follower.stdout.on('data', chunk => (said += chunk))
    let count = 0
    const send = async () => {
      const subject = `mail${count++}`
      const octets = octetsOf({subject})
      assert.match(await sendMail(port, {sender: SENDER, recipient: USER, octets}), /^250 /)
      return subject
    }
    // what it shows depends on when it began
    await until('the follower to follow', async () => (await send()) !== '' && said.includes('"am_id"'))
    const first = count
    const isShown = (subject: string) => said.includes(`<${subject}@remote.test>`)

    const recipe = readRecipe('docs/logging.md', 'logrotate').get('/etc/logrotate.d/amavis') ?? ''
    const user = execFileSync('id', ['-un'], {encoding: 'utf8'}).trim()
    const group = execFileSync('id', ['-gn'], {encoding: 'utf8'}).trim()
    const ours = recipe
      .replaceAll('/var/log/amavis.log', file)
      .replace('amavis amavis', `${user} ${group}`)
      .replace('amavis reload', `${process.execPath} ${AMAVIS} reload ${which.join(' ')}`)
    const rotate = (text: string) => {
      const conf = path.join(home, 'logrotate.conf')
      writeFileSync(conf, text, {mode: 0o644})
      execFileSync(LOGROTATE, ['-f', '-s', path.join(home, 'logrotate.state'), conf], {stdio: 'pipe'})
    }

    const truncating = ours
      .replace(/ create .*\n/, 'copytruncate\n')
      .replace(/ *postrotate[\s\S]*endscript\n/, '')
    for (const text of [ours, truncating]) {
      const before = await send()
      await until('the mail before the rotation', () => isShown(before))
      rotate(text)
      const after = await send()
      await until('the mail after the rotation', () => isShown(after))
      assert.match(readFileSync(file, 'utf8'), new RegExp(`<${after}@`), 'in the new file')
      assert.doesNotMatch(readFileSync(file, 'utf8'), new RegExp(`<${before}@`))
    }

    const shown = said
      .split('\n')
      .filter(Boolean)
      .flatMap(line => JSON.parse(line).message_ids as string[])
    for (let n = first; n < count; n++)
      assert.equal(shown.filter(id => id === `<mail${n}@remote.test>`).length, 1, `mail${n}, once`)

    const oldest = `${file}.2.gz`
    assert.match(gunzipSync(readFileSync(oldest)).toString(), new RegExp(`<mail${first}@`))
    const files = [oldest, `${file}.1`, file].flatMap(name => ['--file', name])
    const all = (await amavis('log', '--json', ...files)).stdout
      .split('\n')
      .filter(line => line.includes('"complete":true'))
    assert.equal(all.length, count)
    const one = await amavis('log', '--json', ...files, `mail${first}@remote.test`)
    assert.equal(one.status, 0, one.stderr)
  },
)
