import assert from 'node:assert/strict'
import {test} from 'node:test'
import {nearestName} from '../../src/config/nearest.ts'
import {ALTERNATIVE_NAMES, SETTINGS} from '../../src/config/table/table.ts'
import {lookup} from '../../src/lookup/lookup.ts'
import {settingsFrom} from '../lookup/settings.ts'

const names = SETTINGS.map(setting => setting.name as string)

test('every setting stands in the table once, with a line that describes it', () => {
  assert.equal(new Set(names).size, names.length)
  for (const {name, doc} of SETTINGS) assert.match(doc, /^\S.{4,}$/, name)
})

test('the bare names of bankable settings are distinct, as a bank has no sigils', () => {
  const bare = SETTINGS.filter(setting => setting.bank === 'yes').map(setting => setting.name.slice(1))
  assert.equal(new Set(bare).size, bare.length)
})

test('alternative names lead to settings', () => {
  for (const [other, name] of ALTERNATIVE_NAMES) {
    assert.ok(!names.includes(other) && names.includes(name))
  }
})

test('the nearest name is found for slips of a finger, and none for something else', () => {
  assert.equal(nearestName('$max_server', names), '$max_servers')
  assert.equal(nearestName('$log_levle', names), '$log_level')
  assert.equal(nearestName('$MYHOEM', names), '$MYHOME')
  assert.equal(nearestName('@local_domain_maps', names), '@local_domains_maps')
  assert.equal(nearestName('$something_else_entirely', names), undefined)
})

const settings = settingsFrom('1;')

for (const [name, points] of [
  ['Structured.SSN', 0.1],
  ['Heuristics.Structured.SSN.x', undefined],
  ['Heuristics.Phishing.Email.SpoofedDomain', 0.1],
  ['Email.Phishing.RB-1', 0.1],
  ['Email.Phishing.X.Sanesecurity.1', undefined],
  ['Sanesecurity.Malware.1', undefined],
  ['Sanesecurity.Foxhole.Mail_tar', 0],
  ['Sanesecurity.Foxhole.Zip_exe.1', 0.1],
  ['Sanesecurity.Foxhole.Other', undefined],
  ['Sanesecurity.Junk.1', 0.1],
  ['Sanesecurity.TestSig_1', 0.1],
  ['Sanesecurity-TestSig_1', 0],
  ['Sanesecurity_PhishBar_1', 0],
  ['Email.Spam.Bounce.x.Sanesecurity.1', 0],
  ['VX.not-virus_Hoax.1.SecuriteInfo.com', undefined],
  ['Email.Spam.Gen1-SecuriteInfo.com', 0.1],
  ['Foo-SecuriteInfo.com.X', undefined],
  ['winnow.malware.1', undefined],
  ['winnow.phish.1', 0.1],
  ['MBL_NA.UNOFFICIAL.x', 0.1],
  ['MBL_1234', undefined],
  ['sanesecurity.junk.1', undefined],
  ['Eicar-Test-Signature', undefined],
] as const) {
  test(`the virus name ${name} is ${points === undefined ? 'an infection' : `${points} points`}`, () => {
    assert.equal(lookup(settings.list('@virus_name_to_spam_score_maps'), name, settings)?.value, points)
  })
}

for (const [text, types] of [
  ['ASCII text', 'asc'],
  ['HTML document, ASCII text', 'asc'],
  ['PDF document, version 1.4', 'pdf'],
  ['PE32 executable (GUI) Intel 80386, for MS Windows', 'exe exe-ms'],
  ['PE32+ executable (DLL) (console) x86-64, for MS Windows', 'exe exe-ms'],
  ['ELF 64-bit LSB pie executable, x86-64', 'exe exe-unix'],
  ['MS-DOS executable, MZ for MS-DOS', 'exe exe-ms'],
  ['DOS batch file, ASCII text', 'asc'],
  ['Zip archive data, at least v2.0 to extract', 'zip'],
  ['Microsoft Word 2007+', 'doc'],
  ['Microsoft OOXML', 'dat'],
  ['Java archive data (JAR)', 'dat'],
  ['OpenDocument Text', 'asc'],
  ['gzip compressed data', 'gz'],
  ['bzip2 compressed data', 'bz2'],
  ['XZ compressed data', 'dat'],
  ['LZMA compressed data, streamed', 'dat'],
  ['Zstandard compressed data (v0.8+)', 'zst'],
  ['POSIX tar archive', 'tar'],
  ['7-zip archive data, version 0.4', '7z'],
  ['RAR archive data, v5', 'rar'],
  ['Microsoft Cabinet archive data', 'cab'],
  ['Python script, ASCII text executable', 'txt'],
  ['Bourne-Again shell script, ASCII text executable', 'txt'],
  ['PNG image data, 1 x 1', 'image png'],
  ['RIFF (little-endian) data, WAVE audio', 'audio wav'],
  ['ISO Media, MP4 Base Media v1', 'dat'],
  ['Composite Document File V2 Document, Little Endian', 'cdf-ms'],
  ['uuencoded or xxencoded text', 'uue'],
  ['PGP message Public-Key Encrypted Session Key', 'pgp pgp.enc'],
  ['Unicode text, UTF-8 text', 'txt'],
  ['JSON text data', 'asc'],
  ['JSON data', 'dat'],
  ['RFC 822 mail, ASCII text', 'asc'],
] as const) {
  test(`"${text}" is ${types}`, () => {
    const value = lookup(settings.list('@map_full_type_to_short_type_maps'), text, settings)?.value
    const isList = typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'array'
    assert.equal(isList && value.to.kind === 'array' ? value.to.items.join(' ') : value, types)
  })
}
