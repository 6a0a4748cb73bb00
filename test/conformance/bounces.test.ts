/** Bounces of the corpus: how many of them say which mail they return, and whether it is the right one. */
import assert from 'node:assert/strict'
import {readdirSync, readFileSync} from 'node:fs'
import {test} from 'node:test'
import {inspectBounce} from '../../src/checks/bounce.ts'
import {firstValue, parseHeader} from '../../src/message/header.ts'
import {readMime} from '../../src/message/mime/read.ts'
import {readOrigin} from '../../src/message/origin.ts'
import {sharedPath} from './shared.ts'

/** At least so many of the folder's mails; the others hold no header of an original, or are no bounces. */
const FOLDERS = [
  {folder: 'bounceparser', atLeast: 52},
  {folder: 'flufl-bounce', atLeast: 6},
]

for (const {folder, atLeast} of FOLDERS) {
  test(`bounces of ${folder}: ${atLeast} or more say what they return, and name it as it is in them`, () => {
    const files = readdirSync(sharedPath('corpus', 'mail', folder)).filter(name => name.endsWith('.eml'))
    let found = 0
    for (const file of files) {
      const octets = readFileSync(sharedPath('corpus', 'mail', folder, file))
      const header = parseHeader(octets)
      const sender = /^<(.*)>$/.exec(firstValue(header, 'return-path') ?? '')?.[1] ?? ''
      const tree = readMime(octets, header, {maxParts: 1000, maxLevels: 14})
      const bounce = inspectBounce({header, tree, envelopeSender: sender, origin: readOrigin(header, sender)})
      if (!bounce) continue
      found++
      const {messageId} = bounce
      if (messageId === undefined) continue
      assert.notEqual(messageId, firstValue(header, 'message-id'), `${file}: its own`)
      assert.ok(octets.subarray(header.size).includes(messageId), `${file}: ${messageId}`)
    }
    assert.ok(found >= atLeast, `${found} of ${files.length}`)
  })
}
