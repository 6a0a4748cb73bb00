import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {isExecutable} from '../../src/process/find-program.ts'
import {startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

const PROGRAM = '/usr/bin/altermime'

const head =
  'Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nFrom: <me@example.com>\r\nSubject: hello\r\nMessage-ID: <m1@example.com>\r\n'
const multipart =
  `${head}MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n` +
  '--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<html><body>rich</body></html>\r\n--b--\r\n'

const cases: readonly [what: string, mail: string, sent: RegExp][] = [
  ['a plain text', `${head}\r\nhello\r\n`, /\r\n\r\nhello\r\n-- \r\nExample Ltd\r\n$/],
  [
    'both alternatives',
    multipart,
    /\r\nplain\r\n-- \r\nExample Ltd\r\n[\s\S]*<html><body>rich[\s\S]*Example Ltd[\s\S]*<\/body><\/html>/,
  ],
  [
    'a large mail',
    `${head}\r\n${'x'.repeat(70).concat('\r\n').repeat(20_000)}`,
    /x\r\n-- \r\nExample Ltd\r\n$/,
  ],
]

test(
  'the packaged altermime adds disclaimers to mail of our users',
  {skip: isExecutable(PROGRAM) ? false : `there is no ${PROGRAM} (Debian package altermime)`},
  async t => {
    const home = temporaryFolder(t)
    const port = await freePort()
    const sink = await startSink()
    t.after(() => sink.close())
    const disclaimer = path.join(home, 'disclaimer-ltd.txt')
    writeFileSync(disclaimer, '-- \nExample Ltd\n')
    await startDaemon(
      t,
      home,
      port,
      `$forward_method = 'smtp:[127.0.0.1]:${sink.port}';
@mynetworks_maps = ();
$originating = 1;
%defang_by_ccat = (CC_CATCHALL, 'disclaimer');
$allow_disclaimers = 1;
@altermime_args_disclaimer = ('--disclaimer=${home}/disclaimer-_OPTION_.txt', '--htmltoo');
@disclaimer_options_bysender_maps = ('ltd');`,
    )
    for (const [what, mail, expected] of cases) {
      await t.test(what, async () => {
        const before = sink.mails.length
        await sendMail(port, {
          sender: 'me@example.com',
          recipient: 'far@other.test',
          octets: Buffer.from(mail),
        })
        const sent = sink.mails[before]!.octets.toString('latin1')
        assert.match(sent, /^X-Amavis-Modified: Mail body modified \(using altermime\)/)
        assert.match(sent, expected)
      })
    }
  },
)
