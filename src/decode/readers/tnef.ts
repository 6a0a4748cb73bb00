/**
 * tnef — winmail.dat of Outlook ([MS-OXTNEF]): attachments, and the message's text in its three forms.
 */
import {CorruptError} from '../member.ts'
import {nameText} from '../names.ts'
import type {Sink} from '../sink.ts'
import {readExactly, type Source, sliceSource} from '../source.ts'
import {readMapiProperties} from './mapi.ts'
import {unpackRtf} from './rtf.ts'

const HEADER_BYTES = 6
const ATTRIBUTE_BYTES = 9
const ATTRIBUTE = {
  attachmentBegin: 0x9002,
  attachmentTitle: 0x8010,
  attachmentData: 0x800f,
  attachmentProperties: 0x9005,
  body: 0x800c,
  messageProperties: 0x9003,
} as const
/** Properties of an attachment or a message that are worth a member or a name. */
const PROPERTY = {
  rtf: 0x1009,
  body: 0x1000,
  html: 0x1013,
  longName: 0x3707,
  shortName: 0x3704,
  displayName: 0x3001,
  data: 0x3701,
} as const
/** Properties larger than this are not looked into, but still kept as they are. */
const MAX_PROPERTIES_BYTES = 64 * 1024 * 1024

interface Attachment {
  readonly names: string[]
  /** where its octets are in the source */
  data: [number, number] | undefined
  object: Buffer | undefined
}

export function readTnef(source: Source, sink: Sink): void {
  let attachment: Attachment | undefined
  const emit = () => {
    if (!attachment) return
    const {names, data, object} = attachment
    if (data) sink.addStored(names, source, ...data)
    if (object) sink.add(names, embedded(object))
    attachment = undefined
  }
  let at = HEADER_BYTES
  while (at + ATTRIBUTE_BYTES <= source.size) {
    const head = source.read(at, ATTRIBUTE_BYTES)
    const level = head[0]!
    const id = head.readUInt16LE(1)
    const size = head.readUInt32LE(5)
    const start = at + ATTRIBUTE_BYTES
    const end = start + size
    if (level !== 1 && level !== 2) break
    const octets = () => Buffer.from(source.read(start, Math.min(size, MAX_PROPERTIES_BYTES)))
    if (id === ATTRIBUTE.attachmentBegin) {
      emit()
      attachment = {names: [], data: undefined, object: undefined}
    } else if (id === ATTRIBUTE.body) sink.addStored([], source, start, end)
    else if (id === ATTRIBUTE.messageProperties) addBodies(octets(), sink)
    else if (level === 2) {
      attachment ??= {names: [], data: undefined, object: undefined}
      if (id === ATTRIBUTE.attachmentTitle) attachment.names.push(nameText(octets()))
      else if (id === ATTRIBUTE.attachmentData) attachment.data = [start, end]
      else if (id === ATTRIBUTE.attachmentProperties) addProperties(octets(), attachment)
    }
    at = end + 2
  }
  emit()
  if (at > source.size || (at < source.size && !isPadding(sliceSource(source, at)))) {
    throw new CorruptError('it ends too early')
  }
}

/** A few octets may follow the last attribute. */
function isPadding(rest: Source): boolean {
  return rest.size < ATTRIBUTE_BYTES || readExactly(rest, 0, ATTRIBUTE_BYTES).every(octet => octet === 0)
}

function addProperties(octets: Buffer, attachment: Attachment): void {
  for (const {id, text, value} of readMapiProperties(octets)) {
    if (id === PROPERTY.longName) attachment.names.unshift(text)
    else if (id === PROPERTY.shortName || id === PROPERTY.displayName) attachment.names.push(text)
    else if (id === PROPERTY.data) attachment.object = value
  }
}

function addBodies(octets: Buffer, sink: Sink): void {
  for (const {id, value} of readMapiProperties(octets)) {
    if (id === PROPERTY.rtf) sink.add([], unpackRtf(value))
    else if (id === PROPERTY.html || id === PROPERTY.body) sink.add([], value)
  }
}

const TNEF_MAGIC = 0x223e9f78

/** An object begins with the identifier of its interface; behind it stands a message, or a file of OLE. */
function embedded(object: Buffer): Buffer {
  const isMessage = object.length > 20 && object.readUInt32LE(16) === TNEF_MAGIC
  return isMessage || object.length > 16 ? object.subarray(16) : object
}
