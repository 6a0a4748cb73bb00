/**
 * zip — one file in a ZIP archive, with a password if there is one.
 *
 * The traditional encryption (APPNOTE.TXT §6.1) keeps nobody out for long: it keeps filters and mail clients from
 * opening what a person is to open with care, and every unzip knows it.
 */
import {randomFillSync} from 'node:crypto'
import {crc32, deflateRawSync} from 'node:zlib'

const LOCAL_HEADER = 0x04034b50
const CENTRAL_HEADER = 0x02014b50
const END_RECORD = 0x06054b50
const VERSION = 20
const MADE_ON_UNIX = 3 << 8
const DEFLATED = 8
const ENCRYPTED = 1
const ENCRYPTION_HEADER = 12
const FILE_MODE = 0o100640

export interface ZippedFile {
  /** ASCII */
  readonly name: string
  readonly content: Buffer
  /** '' : not encrypted */
  readonly password: string
  /** ms since the epoch */
  readonly at: number
}

export function zipFile({name, content, password, at}: ZippedFile): Buffer {
  const crc = crc32(content)
  const deflated = deflateRawSync(content)
  const data = password === '' ? deflated : encrypt(deflated, Buffer.from(password, 'utf8'), crc >>> 24)
  const fileName = Buffer.from(name, 'latin1')
  const {date, time} = dosTime(at)
  /** the fields that both headers have, from "version needed" on */
  const common = Buffer.alloc(26)
  common.writeUInt16LE(VERSION, 0)
  common.writeUInt16LE(password === '' ? 0 : ENCRYPTED, 2)
  common.writeUInt16LE(DEFLATED, 4)
  common.writeUInt16LE(time, 6)
  common.writeUInt16LE(date, 8)
  common.writeUInt32LE(crc, 10)
  common.writeUInt32LE(data.length, 14)
  common.writeUInt32LE(content.length, 18)
  common.writeUInt16LE(fileName.length, 22)
  const local = Buffer.concat([uint32(LOCAL_HEADER), common, fileName, data])
  const rest = Buffer.alloc(14)
  rest.writeUInt32LE((FILE_MODE << 16) >>> 0, 6)
  const central = Buffer.concat([
    uint32(CENTRAL_HEADER),
    uint16(MADE_ON_UNIX | VERSION),
    common,
    rest,
    fileName,
  ])
  const end = Buffer.alloc(22)
  end.writeUInt32LE(END_RECORD, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, central, end])
}

function uint16(value: number): Buffer {
  const octets = Buffer.alloc(2)
  octets.writeUInt16LE(value)
  return octets
}

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32LE(value)
  return octets
}

/** Twelve octets of chance go first, the last of which tells a right password from most wrong ones. */
function encrypt(content: Buffer, password: Buffer, check: number): Buffer {
  const keys = new Keys(password)
  const output = Buffer.alloc(ENCRYPTION_HEADER + content.length)
  randomFillSync(output, 0, ENCRYPTION_HEADER - 1)
  output[ENCRYPTION_HEADER - 1] = check
  content.copy(output, ENCRYPTION_HEADER)
  for (const [n, octet] of output.entries()) output[n] = keys.encrypt(octet)
  return output
}

/** The cipher's state. */
class Keys {
  #key0 = 0x12345678
  #key1 = 0x23456789
  #key2 = 0x34567890

  constructor(password: Buffer) {
    for (const octet of password) this.#update(octet)
  }

  encrypt(octet: number): number {
    const mask = (this.#key2 & 0xffff) | 2
    const encrypted = octet ^ ((Math.imul(mask, mask ^ 1) >>> 8) & 0xff)
    this.#update(octet)
    return encrypted
  }

  #update(octet: number): void {
    this.#key0 = crcStep(this.#key0, octet)
    this.#key1 = (Math.imul(this.#key1 + (this.#key0 & 0xff), 134_775_813) + 1) | 0
    this.#key2 = crcStep(this.#key2, this.#key1 >>> 24)
  }
}

const CRC_TABLE = Int32Array.from({length: 256}, (_, octet) => {
  let crc = octet
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

function crcStep(crc: number, octet: number): number {
  return (crc >>> 8) ^ CRC_TABLE[(crc ^ octet) & 0xff]!
}

/** Local time in steps of two seconds, from 1980 on. */
function dosTime(at: number): {readonly date: number; readonly time: number} {
  const when = new Date(at)
  return {
    date: (Math.max(0, when.getFullYear() - 1980) << 9) | ((when.getMonth() + 1) << 5) | when.getDate(),
    time: (when.getHours() << 11) | (when.getMinutes() << 5) | (when.getSeconds() >> 1),
  }
}
