/** What docs/explain.md shows of a forbidden attachment and of a virus is what the program says of such mails. */
import assert from 'node:assert/strict'
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {fileURLToPath} from 'node:url'
import {runAmavis} from '../support/amavis.ts'
import {temporaryFolder} from '../support/wait.ts'

const DOCUMENT = readFileSync(fileURLToPath(new URL('../../../docs/explain.md', import.meta.url)), 'utf8')
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE', '!$H+H*'].join('')

/** The first block of a section that begins so. */
function block(heading: string, beginning: string): string {
  const from = DOCUMENT.indexOf(`\n## ${heading}`)
  const start = DOCUMENT.indexOf(`\`\`\`\n${beginning}`, from)
  assert.ok(from >= 0 && start >= 0, heading)
  return DOCUMENT.slice(start + 4, DOCUMENT.indexOf('```', start + 4))
}

const HEADER = `From: a@remote.test
To: jo@example.com
Date: Sun, 22 Nov 2026 12:00:00 +0000
Message-ID: <m1@remote.test>
`
const mails: readonly [section: string, mail: string][] = [
  [
    'A forbidden attachment',
    `${HEADER}Subject: tool
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

see below

--b
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="setup.exe"

not really a program
--b--
`,
  ],
  ['A virus', `${HEADER}Subject: x\n\n${EICAR}\n`],
]

/** Where lines are folded depends on how long the path of the configuration is, the size of a DSN on the date. */
const words = (text: string) =>
  text
    .replace(/\s+/g, ' ')
    .replace(/(?<= from <> for <\S+>, )\d+/, 'some')
    .trim()

for (const [section, mail] of mails) {
  test(`amavis explain says what the document shows: ${section}`, async t => {
    const home = temporaryFolder(t)
    const configuration = path.join(home, 'amavisd.conf')
    const file = path.join(home, 'mail.eml')
    writeFileSync(file, mail)
    const conf = block('Spam, which one of two recipients wants', 'use strict;')
    assert.match(conf, /^\$MYHOME = '\/var\/lib\/amavis';$/m)
    // SpamAssassin, which not every machine has, is not asked about such mail.
    writeFileSync(configuration, `${conf.replace('/var/lib/amavis', home)}@spam_scanners = ();\n1;\n`)
    const {status, stdout, stderr} = await runAmavis([
      'explain',
      file,
      '--rcpt',
      'jo@example.com',
      '-c',
      configuration,
    ])
    assert.equal(status, 0, stderr)
    assert.equal(
      words(stdout.replaceAll(configuration, '/etc/amavis/amavisd.conf')),
      words(block(section, 'mail ')),
    )
  })
}
