#!/usr/bin/env node
/**
 * quarantine — what `amavis quarantine list` and `purge` take over very many mails.
 *
 *   node bench/quarantine.mjs [--mails N] [--folder FOLDER] [--cold] [--keep]
 *
 * Writes N mails (40,000) of 1 to 12 kB into subfolders, a quarter of them compressed, unless the folder has them from an
 * earlier run with --keep; then runs each command once, and prints its time, CPU and highest resident memory. --cold
 * drops the mails from the page cache before each (needs root and python3); inodes stay. The folder is removed at the end.
 */
import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {gzipSync} from 'node:zlib'
import {findRuntime} from '../bin/runtime.js'

const here = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const {values: options} = parseArgs({
  options: {
    mails: {type: 'string', default: '40000'},
    folder: {type: 'string'},
    cold: {type: 'boolean', default: false},
    keep: {type: 'boolean', default: false},
  },
})
const {node, error} = findRuntime(here)
if (!node) throw new Error(error)
const folder = options.folder ?? mkdtempSync(path.join(os.tmpdir(), 'amavis-quarantine-'))
const DAY_MS = 86_400_000
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** The same numbers in each run. */
let state = 1
const random = below => {
  state = (state * 48_271) % 2_147_483_647
  return state % below
}

const CATEGORIES = [
  ...Array(12).fill('spam'),
  'banned',
  'banned',
  'banned',
  'virus',
  'virus',
  'bad-header',
  'bad-header',
  'clean',
]
const words = Array.from({length: 40_000}, () => LETTERS.slice(26).slice(random(20), random(30) + 6)).join(
  ' ',
)

function mailOf(n, category, mailId) {
  const recipient = `user${random(1000)}@example.com`
  const sender = `s${n}@remote${n % 500}.test`
  const size = 300 + Math.floor(1200 / (0.1 + random(1000) / 1000))
  const tests = Array.from({length: 12}, (_, test) => `TEST_${random(1000)}_${test}=0.5`).join(', ')
  return `Return-Path: <${sender}>
Delivered-To: ${category}-quarantine
X-Envelope-From: <${sender}>
X-Envelope-To: <${recipient}>
X-Envelope-To-Blocked: <${recipient}>
X-Quarantine-ID: <${mailId}>
X-Spam-Flag: YES
X-Spam-Score: 12.5
X-Spam-Level: ************
X-Spam-Status: Yes, score=12.5 tag=2 tag2=6 kill=6 tests=[${tests}]
\tautolearn=no
Received: from mx.example.com ([127.0.0.1]) by localhost (mx.example.com [127.0.0.1])
 (amavis, port 10024) with ESMTP id ${mailId} for <${recipient}>;
 Mon, 23 Nov 2026 09:00:00 +0000 (UTC)
Received: from out.remote.test (out.remote.test [192.0.2.9]) by mx.example.com (Postfix) with ESMTP id 4dF8Gn2qLmz1xyz
 for <${recipient}>; Mon, 23 Nov 2026 09:00:00 +0000 (UTC)
From: "Somebody ${n}" <${sender}>
To: ${recipient}
Subject: =?utf-8?q?=C3=B6ld_news?= ${n}
Date: Mon, 23 Nov 2026 09:00:00 +0000
Message-ID: <${n}@remote.test>
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=remote.test; s=a; b=${words.slice(n % 1000, (n % 1000) + 344)}

${words.slice(random(100_000)).slice(0, size)}
`
}

function writeMails(count) {
  for (const letter of LETTERS) mkdirSync(path.join(folder, letter), {recursive: true})
  const now = Date.now()
  for (let n = 0; n < count; n++) {
    const mailId = `${LETTERS[n % LETTERS.length]}${String(n).padStart(11, '0')}`
    const category = CATEGORIES[random(CATEGORIES.length)]
    const text = mailOf(n, category, mailId)
    const isPacked = n % 4 === 0
    const file = path.join(folder, mailId[0], `${category}-${mailId}${isPacked ? '.gz' : ''}`)
    writeFileSync(file, isPacked ? gzipSync(text) : text)
    const at = new Date(now - random(60) * DAY_MS)
    utimesSync(file, at, at)
  }
}

const DROP = `import os, sys
os.sync()
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        fd = os.open(folder + '/' + name, os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)`

function measure(...args) {
  if (options.cold) spawnSync('python3', ['-c', DROP, folder], {stdio: 'inherit'})
  const command = ['quarantine', ...args]
  const {stdout, stderr} = spawnSync(
    '/usr/bin/time',
    ['-f', '%e %U %S %M', node, path.join(here, 'bin/amavis.js'), ...command, '--folder', folder],
    {encoding: 'utf8', maxBuffer: 1e9},
  )
  const [elapsed, user, system, kilobytes] = stderr.trim().split('\n').at(-1).split(' ').map(Number)
  const said = stdout.trim().split('\n').at(-1)
  const figures = `${elapsed.toFixed(1)} s, ${(user + system).toFixed(1)} s of CPU, ${Math.round(kilobytes / 1024)} MB`
  console.log(`${command.join(' ').padEnd(60)} ${figures.padEnd(34)} ${said}`)
}

try {
  if (!existsSync(path.join(folder, 'A'))) writeMails(Number(options.mails))
  measure('list', '--newer', '1s')
  measure('list')
  measure('list', '--category', 'virus')
  measure('list', '--recipient', 'user7@example.com', '--newer', '7d')
  measure('purge', '--dry-run', '--older', '30d')
  measure('purge', '--dry-run', '--category', 'spam', '--older', '30d')
  measure('purge', '--dry-run', '--keep', '1G')
  if (!options.keep) measure('purge', '--older', '1s')
} finally {
  if (!options.keep) rmSync(folder, {recursive: true, force: true})
}
