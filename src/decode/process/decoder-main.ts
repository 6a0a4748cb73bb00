/**
 * decoder-main — the decoder process: unpacks one leaf a request, and knows nothing else.
 *
 * Started by a child with the folder of 7-Zip's package as its argument; ends with the child. It has no sockets, no configuration and no log; where Node's permission
 * model is on, it can read its own program and reach the folder for large members, and nothing else.
 */
import {constants} from 'node:fs'
import {partName} from '../../message/message.ts'
import {createDecoder} from '../decode.ts'
import {createSevenZip} from '../readers/seven-zip.ts'
import {bufferSource, FileSource, type Source} from '../source.ts'
import type {DecodeReply, DecodeRequest} from './messages.ts'

// 7-Zip's wrapper asks at its start for the numbers of flags, in a way that the permission model forbids.
Object.assign(process, {binding: () => ({fs: constants})})

process.title = 'amavis (decoder)'

const decode = createDecoder(createSevenZip(process.argv[2]))

const parent = process.ppid

/** A reader that blocks does not hear that the channel closed; so each read looks whether the child is there. */
function whileNeeded(source: Source): Source {
  return {
    size: source.size,
    read(at, length) {
      if (process.ppid !== parent) process.exit(0)
      return source.read(at, length)
    },
  }
}

async function answer({leaf, opening, limits, folder, firstNumber}: DecodeRequest): Promise<DecodeReply> {
  const options = {opening, limits, folder, fileName: (index: number) => partName(firstNumber + index)}
  try {
    if (leaf.kind === 'memory') {
      const {buffer, byteOffset, byteLength} = leaf.octets
      const octets = Buffer.from(buffer, byteOffset, byteLength)
      return {kind: 'decoded', decoded: await decode(whileNeeded(bufferSource(octets)), options)}
    }
    using file = new FileSource(leaf.path)
    return {kind: 'decoded', decoded: await decode(whileNeeded(file), options)}
  } catch (error) {
    return {kind: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error)}
  }
}

process.on('message', (request: DecodeRequest) => {
  void answer(request).then(reply => {
    process.send?.(reply, undefined, {}, () => {
      // After a mistake of ours nothing here is to be relied on.
      if (reply.kind === 'failed') process.exit(1)
    })
  })
})
process.on('disconnect', () => process.exit(0))
// A signal to the whole group is the child's to answer.
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})
