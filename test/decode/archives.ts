/**
 * archives — makes small archives for the tests, honest ones and others.
 */
import {crc32, deflateRawSync} from 'node:zlib'

export interface ZipMember {
  readonly name: string
  readonly content: Buffer
  readonly method?: number
  /** what the directory says instead */
  readonly listed?: {readonly name?: string; readonly method?: number; readonly offset?: number}
  /** 1: encrypted, 8: sizes behind the data */
  readonly flags?: number
  /** not in the directory */
  readonly unlisted?: boolean
  readonly crc?: number
  /** external attributes of Unix */
  readonly mode?: number
}

/** A zip file; members are deflated unless their method is 0. */
export function zip(members: readonly ZipMember[], {before = Buffer.alloc(0)} = {}): Buffer {
  const files: Buffer[] = [before]
  const directory: Buffer[] = []
  let at = before.length
  for (const {name, content, method = 8, listed = {}, flags = 0, unlisted = false, crc, mode} of members) {
    const data = method === 8 ? deflateRawSync(content) : content
    const sum = crc ?? crc32(content)
    const local = header(flags, method, flags & 8 ? [0, 0, 0] : [sum, data.length, content.length], name)
    const descriptor = Buffer.alloc(flags & 8 ? 16 : 0)
    if (flags & 8) {
      descriptor.write('PK\x07\x08', 'latin1')
      descriptor.writeUInt32LE(sum, 4)
      descriptor.writeUInt32LE(data.length, 8)
      descriptor.writeUInt32LE(content.length, 12)
    }
    files.push(Buffer.from('PK\x03\x04', 'latin1'), local, Buffer.from(name), data, descriptor)
    const listedName = listed.name ?? name
    const tail = Buffer.alloc(14)
    tail.writeUInt16LE(mode ?? 0, 8)
    tail.writeUInt32LE(listed.offset ?? at - before.length, 10)
    const common = header(flags, listed.method ?? method, [sum, data.length, content.length], listedName)
    if (!unlisted) {
      const madeBy = mode === undefined ? 0 : 3
      directory.push(Buffer.from(['P'.charCodeAt(0), 'K'.charCodeAt(0), 1, 2, 20, madeBy]), common, tail)
      directory.push(Buffer.from(listedName))
    }
    at += 4 + local.length + Buffer.byteLength(name) + data.length + descriptor.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(at - before.length, 16)
  return Buffer.concat([...files, list, end])
}

function header(flags: number, method: number, [crc, packed, size]: readonly number[], name: string): Buffer {
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(20, 0)
  fields.writeUInt16LE(flags, 2)
  fields.writeUInt16LE(method, 4)
  fields.writeUInt32LE(crc!, 10)
  fields.writeUInt32LE(packed!, 14)
  fields.writeUInt32LE(size!, 18)
  fields.writeUInt16LE(Buffer.byteLength(name), 22)
  return fields
}

/** A tar archive of the ustar dialect, ended as it should be. */
export function tar(
  members: readonly {readonly name: string; readonly content?: Buffer; readonly type?: string}[],
): Buffer {
  const blocks = members.flatMap(({name, content = Buffer.alloc(0), type = '0'}) => {
    const block = Buffer.alloc(512)
    block.write(name.slice(0, 100), 0)
    block.write('0000644\0', 100)
    block.write(`${content.length.toString(8).padStart(11, '0')} `, 124)
    block.write('        ', 148)
    block.write(type, 156)
    block.write('ustar\0' + '00', 257)
    const sum = block.reduce((total, octet) => total + octet, 0)
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [block, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}
