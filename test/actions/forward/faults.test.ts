import assert from 'node:assert/strict'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {afterEach, test} from 'node:test'
import type {Delivery} from '../../../src/actions/forward/delivery.ts'
import {octetsOf} from '../../../src/message/octets.ts'
import {FULL, type NextHop, PLAIN, type Script, startNextHop} from './next-hop.ts'
import {recipient, type Sender, shown, startSender} from './sending.ts'

let hop: NextHop | undefined
let sender: Sender | undefined
afterEach(async () => {
  await sender?.close()
  await hop?.close()
  hop = sender = undefined
})

const TWO = [recipient('a@x'), recipient('b@x')]
const MTA = 'MTA(HOP)'
const ID = 'id=04711-01'
const OK = `250 2.0.0 from ${MTA}: 250 2.0.0 Ok: queued as Q7ABC0001`
const GIVING_UP = `451 4.5.0 Giving up due to previous temporary failures, ${ID}`
const UNREACHABLE = `451 4.5.0 From MTA() during fwd-connect (All attempts (1) failed connecting to HOP): ${ID}`

interface Fault {
  readonly title: string
  readonly script: Script
  readonly given?: Partial<Delivery>
  /** for two recipients, with the next hop's name as HOP */
  readonly replies: readonly [string, string]
  /** mails that the next hop has taken */
  readonly contents?: number
}

const refuseB = (reply: string) => ({rcpt: (line: string) => (line.includes('<b@x>') ? reply : undefined)})

const FAULTS: Fault[] = [
  {
    title: 'greeting 4xx',
    script: {greeting: '421 4.3.2 busy'},
    replies: [`421 4.3.2 from ${MTA}: 421 4.3.2 busy`, `421 4.3.2 from ${MTA}: 421 4.3.2 busy`],
  },
  {
    title: 'greeting 5xx',
    script: {greeting: '554 no service'},
    replies: [`554 5.1.0 from ${MTA}: 554 no service`, `554 5.1.0 from ${MTA}: 554 no service`],
  },
  {title: 'close instead of a greeting', script: {greeting: 'CLOSE'}, replies: [UNREACHABLE, UNREACHABLE]},
  {
    title: 'nonsense instead of a greeting',
    script: {greeting: 'SSH-2.0'},
    replies: [UNREACHABLE, UNREACHABLE],
  },
  {
    title: 'no greeting',
    script: {greeting: 'HANG'},
    given: {deadlineMs: 30},
    replies: [UNREACHABLE, UNREACHABLE],
  },
  {
    title: 'EHLO 4xx',
    script: {ehlo: '450 4.7.1 later'},
    replies: [`450 4.7.1 from ${MTA}: 450 4.7.1 later`, `450 4.7.1 from ${MTA}: 450 4.7.1 later`],
  },
  {
    title: 'EHLO and HELO 5xx',
    script: {ehlo: '550 5.7.1 no', helo: '550 5.7.1 no'},
    replies: [`550 5.7.1 from ${MTA}: 550 5.7.1 no`, `550 5.7.1 from ${MTA}: 550 5.7.1 no`],
  },
  {
    title: 'MAIL 4xx',
    script: {mail: '451 4.3.0 later'},
    replies: [`451 4.3.0 from ${MTA}: 451 4.3.0 later`, `451 4.3.0 from ${MTA}: 451 4.3.0 later`],
  },
  {
    title: 'MAIL 5xx while RCPT and DATA are taken',
    script: {mail: '553 5.1.8 no such domain', data: '354 go'},
    replies: [
      `553 5.1.8 from ${MTA}: 553 5.1.8 no such domain`,
      `553 5.1.8 from ${MTA}: 553 5.1.8 no such domain`,
    ],
    contents: 0,
  },
  {
    title: 'MAIL in several lines without enhanced codes',
    script: {mail: '550-one\r\n550 two'},
    replies: [`550 5.1.0 from ${MTA}: 550 one two`, `550 5.1.0 from ${MTA}: 550 one two`],
  },
  {
    title: 'no answer to MAIL',
    script: {mail: 'HANG', rcpt: 'HANG', data: 'HANG'},
    given: {deadlineMs: 50},
    replies: [
      `450 4.4.2 Timed out during fwd-mail-pip, ${MTA}, ${ID}`,
      `450 4.4.2 Timed out during fwd-mail-pip, ${MTA}, ${ID}`,
    ],
  },
  {
    title: 'close at MAIL',
    script: {mail: 'CLOSE'},
    replies: [
      `451 4.5.0 From ${MTA} during fwd-mail-pip (connection lost): ${ID}`,
      `451 4.5.0 From ${MTA} during fwd-mail-pip (connection lost): ${ID}`,
    ],
  },
  {
    title: 'nonsense at MAIL',
    script: {mail: 'what?'},
    replies: [
      `451 4.5.0 From ${MTA} during fwd-mail-pip (connection lost): ${ID}`,
      `451 4.5.0 From ${MTA} during fwd-mail-pip (connection lost): ${ID}`,
    ],
  },
  {
    title: 'one RCPT 5xx',
    script: refuseB('550 5.1.1 <b@x> unknown'),
    replies: [OK, `550 5.1.1 from ${MTA}: 550 5.1.1 <b@x> unknown`],
    contents: 1,
  },
  {
    title: 'one RCPT 4xx, each recipient for itself',
    script: refuseB('450 4.2.0 later'),
    replies: [OK, `450 4.2.0 from ${MTA}: 450 4.2.0 later`],
    contents: 1,
  },
  {
    title: 'one RCPT 4xx, all or none',
    script: refuseB('450 4.2.0 later'),
    given: {abortOnTempfail: true},
    replies: [GIVING_UP, `450 4.2.0 from ${MTA}: 450 4.2.0 later`],
    contents: 0,
  },
  {
    title: 'one RCPT 4xx, all or none, without pipelining',
    script: {...refuseB('450 4.2.0 later'), ehlo: PLAIN},
    given: {abortOnTempfail: true},
    replies: [GIVING_UP, `450 4.2.0 from ${MTA}: 450 4.2.0 later`],
    contents: 0,
  },
  {
    title: 'one RCPT 5xx, all or none: it is not temporary',
    script: refuseB('550 5.1.1 no'),
    given: {abortOnTempfail: true},
    replies: [OK, `550 5.1.1 from ${MTA}: 550 5.1.1 no`],
    contents: 1,
  },
  {
    title: 'all RCPT 5xx and DATA refused',
    script: {rcpt: '550 5.1.1 no', data: '554 5.5.1 no recipients'},
    replies: [`550 5.1.1 from ${MTA}: 550 5.1.1 no`, `550 5.1.1 from ${MTA}: 550 5.1.1 no`],
  },
  {
    title: 'all RCPT 5xx and DATA taken',
    script: {rcpt: '550 no', dot: '554 5.5.1 no recipients'},
    replies: [`550 5.1.0 from ${MTA}: 550 no`, `550 5.1.0 from ${MTA}: 550 no`],
    contents: 1,
  },
  {
    title: 'DATA 4xx',
    script: {data: '451 later'},
    replies: [`451 4.5.0 from ${MTA}: 451 later`, `451 4.5.0 from ${MTA}: 451 later`],
  },
  {
    title: 'DATA 2xx',
    script: {data: '250 ok'},
    replies: [`451 4.5.0 from ${MTA}: 250 ok`, `451 4.5.0 from ${MTA}: 250 ok`],
  },
  {
    title: 'close at DATA',
    script: {data: 'CLOSE'},
    replies: [
      `451 4.5.0 From ${MTA} during fwd-data-chkpnt (connection lost): ${ID}`,
      `451 4.5.0 From ${MTA} during fwd-data-chkpnt (connection lost): ${ID}`,
    ],
  },
  {
    title: 'close in mid-content',
    script: {content: {after: 10, does: 'CLOSE'}},
    replies: [`451 4.5.0 from ${MTA}: No resp. to data-dot`, `451 4.5.0 from ${MTA}: No resp. to data-dot`],
  },
  {
    title: 'no answer to the dot',
    script: {dot: 'HANG'},
    given: {deadlineMs: 50},
    replies: [`451 4.5.0 from ${MTA}: No resp. to data-dot`, `451 4.5.0 from ${MTA}: No resp. to data-dot`],
    contents: 1,
  },
  {
    title: 'close after the dot',
    script: {dot: 'CLOSE'},
    replies: [`451 4.5.0 from ${MTA}: No resp. to data-dot`, `451 4.5.0 from ${MTA}: No resp. to data-dot`],
    contents: 1,
  },
  {
    title: 'dot 4xx',
    script: {dot: '452 4.3.1 no space'},
    replies: [`452 4.3.1 from ${MTA}: 452 4.3.1 no space`, `452 4.3.1 from ${MTA}: 452 4.3.1 no space`],
    contents: 1,
  },
  {
    title: 'dot 5xx',
    script: {dot: '554 rejected'},
    replies: [`554 5.6.0 from ${MTA}: 554 rejected`, `554 5.6.0 from ${MTA}: 554 rejected`],
    contents: 1,
  },
  {
    title: 'dot 354',
    script: {dot: '354 more'},
    replies: [`451 4.6.0 from ${MTA}: 354 more`, `451 4.6.0 from ${MTA}: 354 more`],
    contents: 1,
  },
  {
    title: 'XFORWARD refused does no harm',
    script: {ehlo: FULL, xforward: '550 no'},
    given: {xforward: new Map([['NAME', 'x']])},
    replies: [OK, OK],
    contents: 1,
  },
  {
    title: 'an endless reply',
    script: {mail: `250-${'x'.repeat(100)}\r\n`.repeat(1000)},
    replies: [
      `451 4.5.0 From ${MTA} during fwd-mail-pip (connection lost): ${ID}`,
      `451 4.5.0 From ${MTA} during fwd-mail-pip (connection lost): ${ID}`,
    ],
  },
]

for (const {title, script, given, replies, contents = 0} of FAULTS) {
  test(`next hop: ${title}`, async () => {
    hop = await startNextHop(script)
    sender = startSender()
    const results = await sender.send({port: hop.port, recipients: TWO, ...given})
    const name = `smtp:[127.0.0.1]:${hop.port}`
    assert.deepEqual(
      shown(results).map(text => text.replaceAll(name, 'HOP')),
      replies,
    )
    assert.equal(hop.contents.length, contents)
    for (const [i, {reply}] of results.entries()) {
      assert.equal(reply.code < 300, replies[i]!.startsWith('2'))
    }
  })
}

async function unusedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const {port} = server.address() as net.AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

test('a next hop that is down is told with the number of attempts', async () => {
  sender = startSender()
  const [one, two] = [await unusedPort(), await unusedPort()]
  const method = [`smtp:[127.0.0.1]:${one}`, `smtp:[127.0.0.1]:${two}`]
  const [reply] = shown(await sender.send({method}))
  assert.match(
    reply!,
    /^451 4\.5\.0 From MTA\(\) during fwd-connect \(All attempts \(2\) failed connecting to /,
  )
  assert.match(reply!, /: id=04711-01$/)
  assert.equal(
    sender.logged.filter(([level, text]) => level === -1 && /failed, attempt #/.test(text)).length,
    2,
  )
  assert.equal(sender.counts.get('OutMsgsAttemptFails'), 1)
  assert.equal(sender.counts.get('OutMsgs'), undefined)
})

test('of several next hops one that is up is used', async () => {
  hop = await startNextHop()
  sender = startSender()
  const down = await unusedPort()
  for (const random of [0, 0.99]) {
    const one = startSender({random: () => random})
    const results = await one.send({method: [`smtp:[127.0.0.1]:${down}`, `smtp:[127.0.0.1]:${hop.port}`]})
    assert.equal(results[0]?.reply.code, 250)
    await one.close()
  }
})

test('too many recipients for one transaction go in further ones on the same connection', async () => {
  let taken = 0
  hop = await startNextHop({
    mail: () => {
      taken = 0
      return undefined
    },
    rcpt: () => (++taken > 2 ? '452 4.5.3 Too many recipients' : undefined),
    dot: n => `250 2.0.0 Ok: queued as Q${n}`,
  })
  sender = startSender()
  const recipients = ['a', 'b', 'c', 'd', 'e'].map(name => recipient(`${name}@x`))
  const results = await sender.send({port: hop.port, recipients, abortOnTempfail: true})
  assert.deepEqual(
    results.map(({queuedAs}) => queuedAs),
    ['Q0', 'Q0', 'Q1', 'Q1', 'Q2'],
  )
  assert.equal(hop.connections(), 1)
  assert.equal(hop.contents.length, 3)
})

test('452 for everybody ends at once', async () => {
  hop = await startNextHop({rcpt: '452 4.5.3 Too many recipients', data: '554 5.5.1 none'})
  sender = startSender()
  const results = await sender.send({port: hop.port, recipients: TWO})
  assert.deepEqual(
    results.map(({reply}) => reply.code),
    [452, 452],
  )
  assert.equal(hop.commands.filter(line => line.startsWith('MAIL')).length, 1)
})

test('a next hop that refuses in mid-content is believed, and gets no final dot', async () => {
  hop = await startNextHop({content: {after: 1_000_000, does: '552 5.3.4 too big'}})
  sender = startSender()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'amavis-forward-'))
  await writeFile(`${folder}/email.txt`, Buffer.alloc(30_000_000, 'x'))
  const octets = {size: 30_000_000, memory: undefined, path: `${folder}/email.txt`}
  const [reply] = shown(await sender.send({port: hop.port, octets}))
  assert.match(reply!, /^(?:552 5\.3\.4 from|451 4\.5\.0 )/)
  assert.equal(hop.contents.length, 0)
  await rm(folder, {recursive: true})
})

test('a deadline bounds the whole delivery', async () => {
  hop = await startNextHop({dot: 'HANG'})
  sender = startSender()
  const begun = performance.now()
  const [result] = await sender.send({
    port: hop.port,
    deadlineMs: 100,
    octets: octetsOf(Buffer.from('x\r\n')),
  })
  assert.equal(result?.reply.code, 451)
  assert.ok(performance.now() - begun < 5000)
})
