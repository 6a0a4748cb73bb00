/** Whatever a mail and its client say: one line in the log, no field and no line of their own in a notice. */
import assert from 'node:assert/strict'
import test from 'node:test'
import {MAJOR} from '../../src/config/category.ts'
import {entryText} from '../../src/log/line.ts'
import {readOrigin} from '../../src/message/origin.ts'
import {notifyOthers} from '../../src/pipeline/notifying.ts'
import {templateLines} from '../../src/pipeline/template-lines.ts'
import {CONTROLS, HOSTILE} from '../support/hostile.ts'
import {blocked, client, facts, header, outcome, recipient} from '../verdict/make.ts'
import {recordedServices, reporting} from './make-report.ts'

for (const [name, value] of HOSTILE) {
  const fields = header(
    `Subject: ${value}`,
    `From: "${value}" <a@out.test>`,
    `Message-ID: <${value}>`,
    `User-Agent: ${value}`,
  )
  const report = () =>
    reporting({
      conf: "$virus_admin = 'va@example.com'; $warnvirusrecip = 1;",
      outcomes: [
        outcome(
          blocked('DISCARD', MAJOR.Virus, {
            recipient: recipient(`"${value}"@example.com`),
            bannedReason: value,
            tests: [{name: value, score: 1}],
          }),
        ),
      ],
      facts: facts({
        virusNames: [value],
        scanners: [value],
        bannedReasons: [value],
        bannedParts: [value],
        spamReport: value,
      }),
      complaints: [value],
      header: fields,
      origin: readOrigin(fields, value),
    })

  test(`the log stays one line for each entry: ${name}`, () => {
    const given = report()
    const of = {
      ...given,
      mail: {...given.mail, client: {...client, helo: value, forwarded: new Map([['NAME', value] as const])}},
    }
    const main =
      'M %s %R %V %F %X %j %m %g %A %N %v %H [:client_helo] [:W|1] [:TESTS] [:header_field|Subject] [:useragent] [:banned_parts]\n'
    const lines = templateLines({main, recipient: 'R %R %N %F [:TESTS]'}, of, recordedServices().services)
    assert.deepEqual(
      lines.map(line => line.slice(0, 2)),
      ['M ', 'R '],
    )
    for (const line of lines) assert.doesNotMatch(entryText(0, '04711-01', line), CONTROLS)
  })

  test(`the structured report is JSON on one line: ${name}`, () => {
    const [line = '', ...more] = templateLines(
      {main: '[:report_json]', recipient: ''},
      report(),
      recordedServices().services,
    )
    assert.deepEqual(more, [])
    assert.equal(JSON.parse(line).virusnames.length, 1)
  })

  test(`a notice has its own fields and no others: ${name}`, async () => {
    const {services, sent, logged} = recordedServices()
    await notifyOthers(report(), services)
    assert.equal(sent.length, 2, logged.join('\n'))
    for (const {head, recipients} of sent) {
      const text = head.toString('latin1')
      const top = text.slice(0, text.indexOf('\r\n\r\n'))
      for (const line of top.split('\r\n')) {
        assert.match(
          line,
          /^(?:From|To|Subject|Date|Message-ID|Auto-Submitted|MIME-Version|Content-[\w-]+): ?|^ /,
        )
        assert.ok(line.length <= 998)
      }
      assert.doesNotMatch(text, /[\x00\x1b]|\r(?!\n)|(?<!\r)\n/)
      assert.equal(recipients.length, 1)
    }
  })
}
