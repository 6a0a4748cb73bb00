/**
 * mime — what the reading of MIME costs: over a folder of mails, and for one large attachment.
 *
 *   node bench/mime.mjs FOLDER [--rounds N]
 *
 * FOLDER holds *.eml, at any depth. The attachment is set against one pass of base64 decoding and SHA-1 over the
 * same octets, which nobody can do without. Needs the build (`npm run build`).
 */
import {hash, randomBytes} from 'node:crypto'
import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {parseArgs} from 'node:util'
import {typeParts} from '../dist/src/decode/types.js'
import {parseHeader} from '../dist/src/message/header.js'
import {readMime} from '../dist/src/message/mime/read.js'

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {rounds: {type: 'string', default: '5'}},
})
const folder = positionals[0]
if (!folder) throw new Error('usage: node bench/mime.mjs FOLDER [--rounds N]')
const rounds = Number(values.rounds)
const LIMITS = {maxParts: 3000, maxLevels: 14}

/** CPU ms of one run, user and system. */
function cpuMs(work) {
  const before = process.cpuUsage()
  work()
  const {user, system} = process.cpuUsage(before)
  return (user + system) / 1000
}

const median = figures => figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)]

const mails = readdirSync(folder, {recursive: true})
  .filter(name => name.endsWith('.eml'))
  .map(name => readFileSync(path.join(folder, name), 'latin1').replace(/\r?\n/g, '\r\n'))
  .map(text => Buffer.from(text, 'latin1'))

/** Header, MIME tree and the digests that the log tells, as in the stage mime_decode. */
function decode(mail) {
  const {parts} = readMime(mail, parseHeader(mail), LIMITS)
  for (const {kind, content} of parts) if (kind === 'leaf') hash('sha1', content)
  return parts
}

const corpus = Array.from({length: rounds}, () => cpuMs(() => mails.forEach(mail => void decode(mail))))
const first = corpus[0]
const typed = Array.from({length: rounds}, () =>
  cpuMs(() => mails.forEach(mail => void typeParts(decode(mail)))),
)
console.log(
  `${mails.length} mails, CPU ms: first round ${first.toFixed(0)}, then ${median(corpus).toFixed(0)}; with types ${median(typed).toFixed(0)}`,
)

const attachment = randomBytes(20 * 1024 * 1024)
const lines = attachment.toString('base64').replace(/.{76}/g, '$&\r\n')
const mail = Buffer.from(
  `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n--b--\r\n`,
)
const bare = []
const ours = []
for (let round = 0; round < rounds; round++) {
  bare.push(cpuMs(() => hash('sha1', Buffer.from(lines, 'base64'))))
  ours.push(cpuMs(() => decode(mail)))
}
console.log(
  `20 MiB in base64, CPU ms: decoding and SHA-1 alone ${median(bare).toFixed(0)}, the MIME step ${median(ours).toFixed(0)}: ` +
    `${(median(ours) / median(bare)).toFixed(2)} times`,
)
