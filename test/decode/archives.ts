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

interface SevenZipModule {
  readonly FS: {writeFile(path: string, content: Uint8Array): void; readFile(path: string): Uint8Array}
  callMain(args: string[]): void
}

/** An archive by 7-Zip itself: the format is what the name ends with. */
export async function sevenZipped(
  name: string,
  members: readonly {readonly name: string; readonly content: Buffer}[],
  options: readonly string[] = [],
): Promise<Buffer> {
  const {default: create} = (await import('7z-wasm')) as unknown as {
    default(options: object): Promise<SevenZipModule>
  }
  const program = await create({print() {}, printErr() {}})
  for (const {name, content} of members) program.FS.writeFile(name, content)
  const {exitCode} = process
  program.callMain(['a', ...options, name, ...members.map(({name}) => name)])
  process.exitCode = exitCode
  return Buffer.from(program.FS.readFile(name))
}

/** Attributes of TNEF: an attachment with its title. */
export function tnef(title: string, content: Buffer): Buffer {
  const attribute = (level: number, id: number, data: Buffer) => {
    const head = Buffer.alloc(9)
    head[0] = level
    head.writeUInt32LE(id, 1)
    head.writeUInt32LE(data.length, 5)
    return [head, data, Buffer.alloc(2)]
  }
  return Buffer.concat([
    Buffer.from('789f3e220100', 'hex'),
    ...attribute(2, 0x69002, Buffer.alloc(14)),
    ...attribute(2, 0x18010, Buffer.from(`${title}\0`)),
    ...attribute(2, 0x6800f, content),
  ])
}

/** A compound file of OLE with one stream in its root. */
export function compoundFile(name: string, content: Buffer): Buffer {
  const sectors = Math.ceil(content.length / 512)
  const header = Buffer.alloc(512, 0xff)
  header.fill(0, 0, 76)
  header.write('d0cf11e0a1b11ae1', 'hex')
  header.writeUInt16LE(9, 30)
  header.writeUInt16LE(6, 32)
  header.writeUInt32LE(1, 44)
  header.writeUInt32LE(1, 48)
  header.writeUInt32LE(0, 56) // nothing is small enough for the small sectors
  header.writeUInt32LE(0xfffffffe, 60)
  header.writeUInt32LE(0xfffffffe, 68)
  header.writeUInt32LE(0, 76)
  const fat = Buffer.alloc(512, 0xff)
  fat.writeUInt32LE(0xfffffffd, 0)
  fat.writeUInt32LE(0xfffffffe, 4)
  for (let i = 0; i < sectors; i++) fat.writeUInt32LE(i === sectors - 1 ? 0xfffffffe : i + 3, 8 + 4 * i)
  const entry = (title: string, type: number, child: number, start: number, size: number) => {
    const octets = Buffer.alloc(128)
    octets.write(title, 'utf16le')
    octets.writeUInt16LE(title.length * 2 + 2, 64)
    octets[66] = type
    octets.fill(0xff, 68, 76)
    octets.writeUInt32LE(child, 76)
    octets.writeUInt32LE(start, 116)
    octets.writeUInt32LE(size, 120)
    return octets
  }
  const directory = Buffer.concat([
    entry('Root Entry', 5, 1, 0xfffffffe, 0),
    entry(name, 2, 0xffffffff, 2, content.length),
    Buffer.alloc(256),
  ])
  return Buffer.concat([header, fat, directory, content, Buffer.alloc(sectors * 512 - content.length)])
}
