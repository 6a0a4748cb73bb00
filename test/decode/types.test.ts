import assert from 'node:assert/strict'
import {test} from 'node:test'
import {shortTypes, withConfiguredTypes} from '../../src/decode/short-types.ts'
import {typeOf, typeParts} from '../../src/decode/types.ts'
import {makePart} from '../../src/message/part.ts'
import {settingsFrom} from '../lookup/settings.ts'

const octets = (text: string) => Buffer.from(text, 'latin1')

/** A Windows program as short as can be: only the fields that tell what it is. */
function windowsProgram(isLibrary: boolean): Buffer {
  const program = Buffer.alloc(256)
  program.write('MZ')
  program.writeUInt32LE(64, 60)
  program.write('PE\0\0', 64, 'latin1')
  program.writeUInt16LE(0x8664, 68)
  program.writeUInt16LE(isLibrary ? 0x2002 : 0x0002, 86)
  program.writeUInt16LE(0x20b, 88)
  program.writeUInt16LE(2, 156)
  return program
}

function zip(...names: string[]): Buffer {
  return Buffer.concat(
    names.map(name => {
      const header = Buffer.alloc(30)
      header.writeUInt32LE(0x04034b50)
      header.writeUInt16LE(20, 4)
      header.writeUInt16LE(name.length, 26)
      return Buffer.concat([header, octets(name)])
    }),
  )
}

function oldTar(): Buffer {
  const header = Buffer.alloc(1024)
  header.write('a.txt')
  header.fill(' ', 148, 156)
  header.write(
    `${header
      .subarray(0, 512)
      .reduce((sum, c) => sum + c, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return header
}

const contents: [what: string, content: Buffer, full: string, short: string][] = [
  ['nothing', octets(''), 'empty', 'empty'],
  ['plain text', octets('hello\r\nworld\r\n'), 'ASCII text', 'asc'],
  ['text that begins like a program', octets('MZ is how it begins\n'), 'ASCII text', 'asc'],
  ['UTF-8', Buffer.from('gr\u00fc\u00dfe'), 'Unicode text, UTF-8 text', 'txt'],
  ['latin1', octets('caf\xe9'), 'ISO-8859 text', 'txt'],
  ['a Windows code page', octets('\x93quoted\x94'), 'Non-ISO extended-ASCII text', 'txt'],
  ['UTF-16', octets('\xff\xfeh\0i\0'), 'Unicode text, UTF-16, little-endian text', 'txt'],
  ['octets', octets('\x01\x02\x03'), 'data', 'dat'],
  ['HTML', octets('<html><body>'), 'HTML document, ASCII text', 'asc'],
  ['a shell script', octets('#!/bin/sh\necho\n'), 'POSIX shell script, ASCII text executable', 'txt'],
  ['a Windows program', windowsProgram(false), 'PE32+ executable (GUI) x86-64, for MS Windows', 'exe exe-ms'],
  [
    'a Windows library',
    windowsProgram(true),
    'PE32+ executable (DLL) (GUI) x86-64, for MS Windows',
    'exe exe-ms',
  ],
  ['a DOS program', octets('MZ\x90\0\x03'), 'MS-DOS executable', 'exe exe-ms'],
  [
    'a Linux program',
    octets(`\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x02\0\x3e\0`),
    'ELF 64-bit LSB executable, version 1',
    'exe exe-unix',
  ],
  ['a zip', zip('a.exe'), 'Zip archive data, at least v2.0 to extract', 'zip'],
  [
    'a zip with text before it',
    octets('\x01junk PK\x05\x06'),
    'Zip archive, with extra data prepended',
    'zip',
  ],
  ['a Word document', zip('[Content_Types].xml', 'word/document.xml'), 'Microsoft Word 2007+', 'doc'],
  ['a Java archive', zip('META-INF/MANIFEST.MF'), 'Java archive data (JAR)', 'dat'],
  ['RAR 4', octets('Rar!\x1a\x07\0'), 'RAR archive data, v4', 'rar'],
  ['RAR 5', octets('Rar!\x1a\x07\x01\0'), 'RAR archive data, v5', 'rar'],
  ['7-zip', octets("7z\xbc\xaf'\x1c\0\x04"), '7-zip archive data, version 0.4', '7z'],
  ['gzip', octets('\x1f\x8b\x08'), 'gzip compressed data', 'gz'],
  ['bzip2', octets('BZh91AY'), 'bzip2 compressed data, block size = 900k', 'bz2'],
  ['xz', octets('\xfd7zXZ\0'), 'XZ compressed data', 'dat'],
  ['zstd', octets('\x28\xb5\x2f\xfd'), 'Zstandard compressed data (v0.8+)', 'zst'],
  ['PDF', octets('%PDF-1.4\n'), 'PDF document, version 1.4', 'pdf'],
  [
    'an OLE document',
    octets('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
    'Composite Document File V2 Document, Little Endian',
    'cdf-ms',
  ],
  ['PNG', octets('\x89PNG\r\n\x1a\n'), 'PNG image data', 'image png'],
  ['JPEG', octets('\xff\xd8\xff\xe0'), 'JPEG image data', 'image jpg'],
  ['GIF', octets('GIF89a'), 'GIF image data, version 8', 'image gif'],
  ['Flash', octets('CWS\x09'), 'Macromedia Flash data, version 9', 'swf'],
  ['RTF', octets('{\\rtf1'), 'Rich Text Format data, version 1', 'rtf'],
  ['TNEF', octets('\x78\x9f\x3e\x22'), 'Transport Neutral Encapsulation Format (TNEF)', 'tnef'],
  ['a cabinet', octets('MSCF\0\0\0\0'), 'Microsoft Cabinet archive data', 'cab'],
  ['a Java class', octets('\xca\xfe\xba\xbe\0\0\0\x34'), 'compiled Java class data, version 52.0', 'java'],
  [
    'an ISO image',
    Buffer.concat([Buffer.alloc(32_769), octets('CD001')]),
    'ISO 9660 CD-ROM filesystem data',
    'iso',
  ],
  ['a tar', Buffer.concat([Buffer.alloc(257), octets('ustar\x0000')]), 'POSIX tar archive', 'tar'],
  ['an old tar', oldTar(), 'tar archive', 'tar'],
  ['an encrypted PGP message', octets('-----BEGIN PGP MESSAGE-----\n'), 'PGP message', 'pgp pgp.enc'],
]

for (const [what, content, full, short] of contents) {
  test(`${what} is ${full}, in short ${short}`, () => {
    assert.deepEqual(typeOf(content), {full, short: short.split(' ')})
  })
}

/** What file(1) says, and the short types that rules are written in. */
const texts: [string, string][] = [
  ['HTML document, ASCII text', 'asc'],
  ['PE32 executable (GUI) Intel 80386, for MS Windows', 'exe exe-ms'],
  ['ELF 64-bit LSB pie executable, x86-64', 'exe exe-unix'],
  ['MS-DOS executable, MZ for MS-DOS', 'exe exe-ms'],
  ['DOS batch file, ASCII text', 'asc'],
  ['Microsoft OOXML', 'dat'],
  ['OpenDocument Text', 'asc'],
  ['LZMA compressed data, streamed', 'dat'],
  ['POSIX tar archive', 'tar'],
  ['Python script, ASCII text executable', 'txt'],
  ['Bourne-Again shell script, ASCII text executable', 'txt'],
  ['RIFF (little-endian) data, WAVE audio', 'audio wav'],
  ['ISO Media, MP4 Base Media v1', 'dat'],
  ['uuencoded or xxencoded text', 'uue'],
  ['PGP message Public-Key Encrypted Session Key', 'pgp pgp.enc'],
  ['Unicode text, UTF-8 text', 'txt'],
  ['JSON text data', 'asc'],
  ['JSON data', 'dat'],
  ['RFC 822 mail, ASCII text', 'asc'],
]

for (const [full, short] of texts) {
  test(`"${full}" is ${short} in short`, () => assert.deepEqual(shortTypes(full), short.split(' ')))
}

test('no content makes a type fail', () => {
  for (const start of [
    'MZ',
    '\x7fELF',
    'PK\x03\x04',
    'BZh',
    '\x5d\0\0',
    'BM',
    'FWS',
    '\xca\xfe\xba\xbe',
    'RIFF',
    'ID3',
    '%PDF-',
  ]) {
    for (let length = 0; length < 200; length++) {
      const content = Buffer.alloc(length, 0xff)
      content.write(start, 'latin1')
      assert.ok(typeOf(content).short.length > 0)
    }
  }
})

test("an operator's map names the types for rules; without one the parts stay as they are", () => {
  const parts = typeParts([makePart({number: 1, parent: 0, placement: '1', content: octets('%PDF-1.7\n')})])
  assert.equal(withConfiguredTypes(parts, settingsFrom('1;\n')), parts)
  const settings = settingsFrom(
    `@map_full_type_to_short_type_maps = (new_RE([qr'^PDF'i => ['doc', 'paper']]), \\$map_full_type_to_short_type_re);\n1;\n`,
  )
  assert.deepEqual(withConfiguredTypes(parts, settings)[0]?.shortTypes, ['doc', 'paper'])
  const text = typeParts([makePart({number: 1, parent: 0, placement: '1', content: octets('hello\n')})])
  assert.deepEqual(withConfiguredTypes(text, settings)[0]?.shortTypes, ['asc'])
})

test('what PGP has encrypted is marked as encrypted', () => {
  const content = octets('-----BEGIN PGP MESSAGE-----\n\nx\n')
  const parts = typeParts([makePart({number: 1, parent: 0, placement: '1', content})])
  const [part] = withConfiguredTypes(parts, settingsFrom('1;\n'))
  assert.deepEqual(part?.shortTypes, ['pgp', 'pgp.enc'])
  assert.equal(part.attributes, 'C')
})
