import assert from 'node:assert/strict'
import os from 'node:os'
import {test} from 'node:test'
import {serveAmPdp} from '../../../src/session/ampdp/session.ts'
import {ask, mailFolder} from '../../support/ampdp.ts'
import {temporaryFolder} from '../../support/wait.ts'
import {OK, startServer} from '../smtp/harness.ts'

test('a child that is to end answers the mail in hand, and what came with it, and closes then', async t => {
  const begun = Promise.withResolvers<void>()
  const checked = Promise.withResolvers<void>()
  const server = await startServer({
    settings: {$TEMPBASE: os.tmpdir(), $MYHOME: os.tmpdir()},
    converse: (socket, deps) => serveAmPdp(socket.resume(), deps),
    filter: async () => {
      begun.resolve()
      await checked.promise
      return OK
    },
  })
  t.after(() => server.close())
  const tempdir = mailFolder(temporaryFolder(t), 'Subject: x\n\nx\n')
  const mail = {request: 'AM.PDP', sender: '<>', recipient: '<a@example.com>', tempdir}
  const answers = ask(server.port, mail, {request: 'smtpd_access_policy'})
  await begun.promise
  server.stop.abort()
  checked.resolve()
  assert.deepEqual(
    (await answers).map(lines => lines.at(-1)?.split('=')[0]),
    ['exit_code', 'action'],
  )
  assert.deepEqual(
    server.ends.map(({transactions}) => transactions),
    [1],
  )
})

test('an error of ours ends the conversation, and the log has it', async t => {
  const server = await startServer({converse: (socket, deps) => serveAmPdp(socket.resume(), deps)})
  t.after(() => server.close())
  // no $TEMPBASE is set here, which a configuration always has
  const answers = await ask(server.port, {request: 'AM.PDP', sender: '<>', recipient: '<a@x>', tempdir: '/x'})
  assert.deepEqual(answers, [])
  assert.match(
    server.logged.map(([level, text]) => `${level} ${text}`).join('\n'),
    /^-2 AM\.PDP: .*TEMPBASE/m,
  )
})
