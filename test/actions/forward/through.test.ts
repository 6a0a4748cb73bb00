/** The session and the client together: what comes in goes out, octet for octet, and as one mail. */
import assert from 'node:assert/strict'
import {afterEach, test} from 'node:test'
import {silentLog} from '../../../src/log/log.ts'
import {Client, type Server, startServer} from '../../session/smtp/harness.ts'
import {type NextHop, startNextHop} from './next-hop.ts'
import {type Sender, startSender} from './sending.ts'

let hop: NextHop
let sender: Sender
let server: Server
afterEach(async () => {
  await sender.close()
  await hop.close()
  await server.close()
})

async function start(): Promise<Client> {
  hop = await startNextHop()
  sender = startSender()
  server = await startServer({
    filter: async mail => {
      const {sender: from, recipients, body, smtputf8} = mail.envelope
      const results = await sender.send({
        port: hop.port,
        sender: from,
        recipients,
        body,
        smtputf8,
        head: Buffer.alloc(0),
        octets: mail.octets,
        log: silentLog,
      })
      const perRecipient = results.map(({reply}) => reply)
      return {perRecipient, reply: perRecipient[0]!}
    },
  })
  return await Client.connect(server.port)
}

/** Content as a strict reader of SMTP takes it, bare LFs made CRLF. */
function contentOf(wire: string): string {
  const data = `\r\n${wire}`
  return data
    .slice(0, data.indexOf('\r\n.\r\n') + 2)
    .replace(/\r\n\./g, '\r\n')
    .slice(2)
    .replace(/(?<!\r)\n/g, '\r\n')
}

const SMUGGLED = 'MAIL FROM:<evil@x>\r\nRCPT TO:<victim@x>\r\nDATA\r\nevil\r\n'

for (const end of [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r.\r\n',
  '\r\n.\r',
  '\n.\r',
  '\r\r\n.\r',
  '\0\r\n.\n',
]) {
  test(`no second mail comes out of one with ${JSON.stringify(end)} in it`, async () => {
    const client = await start()
    await client.openData()
    const wire = `one${end}${SMUGGLED}.`
    assert.match(await client.ask(`${wire.slice(0, -1)}\r\n.`), /^250 /)
    assert.equal(hop.contents.length, 1)
    const sent = hop.contents[0]!.toString('latin1')
    assert.equal(sent.replace(/\r\n\./g, '\r\n'), contentOf(`${wire.slice(0, -1)}\r\n.\r\n`))
    // Nor would a next hop that takes LF for a line end see another.
    assert.doesNotMatch(sent, /(?<!\r)\n|\n\.\r?\n/)
    client.close()
  })
}

test('random mails go through octet for octet', async () => {
  const client = await start()
  let state = 2525
  const random = (n: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
  const pieces = ['\r', '\n', '\r\n', '.', '\r\n.', '\n.', 'text', '\0', '\xe9', ' '.repeat(998)]
  for (let round = 0; round < 300; round++) {
    let wire = ''
    for (let n = random(60); n > 0; n--) wire += pieces[random(pieces.length)]
    // Not one that ends early.
    if (`\r\n${wire}\r\n.\r\n`.indexOf('\r\n.\r\n') < wire.length + 2) continue
    await client.openData()
    const last = hop.contents.length
    client.send(`${wire}\r\n.\r\n`)
    assert.match(await client.reply(), /^250 /)
    assert.equal(hop.contents.length, last + 1)
    const sent = hop.contents[last]!.toString('latin1')
    assert.equal(`\r\n${sent}`.replace(/\r\n\./g, '\r\n').slice(2), contentOf(`${wire}\r\n.\r\n`))
  }
  client.close()
})
