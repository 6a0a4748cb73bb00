/**
 * Signed mails of the corpus: valid or not as Mail::DKIM and dkimpy say (dkim-expected.tsv, made with both), with
 * the keys that lie beside them.
 */
import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {test} from 'node:test'
import {verifySignatures} from '../../src/checks/dkim/verify.ts'
import {parseHeader} from '../../src/message/header.ts'
import {sharedPath} from './shared.ts'

type Zone = ReadonlyMap<string, string>

const read = (...parts: string[]) => readFileSync(sharedPath('corpus', 'mail', ...parts), 'latin1')

/** The keys of each collection, in the form in which it has them. */
const ZONES: Readonly<Record<string, () => Zone>> = {
  'mail-dkim': () =>
    zone(read('mail-dkim', '_keys', 'FAKE_DNS.dat').matchAll(/^([^#\s]\S*)[ \t]+(.*)$/gm), String),
  'dkim-verifier': () =>
    zone(
      Object.entries(JSON.parse(read('dkim-verifier', '_keys', 'dns-txt.json'))).map(entry => ['', ...entry]),
      record => [record].flat().join(''),
    ),
  mailauth: () =>
    zone(
      Object.entries(JSON.parse(read('mailauth', '_keys', 'dns.json'))).map(entry => ['', ...entry]),
      record => ((record as {TXT?: string[][]}).TXT?.[0] ?? []).join(''),
    ),
  'authentication-milter': () =>
    zone(
      read('authentication-milter', '_keys', 'zonefile').matchAll(
        /^(\S+?)\.?\s+(?:\d+\s+)?(?:IN\s+)?TXT\s+(.*)$/gm,
      ),
      record => [...String(record).matchAll(/"([^"]*)"/g)].map(([, text]) => text).join(''),
    ),
}

function zone(records: Iterable<readonly unknown[]>, text: (record: unknown) => string): Zone {
  const names = new Map<string, string>()
  for (const [, name, record] of records) {
    const key = String(name).toLowerCase()
    if (!names.has(key)) names.set(key, text(record))
  }
  return names
}

function resolver(names: Zone) {
  return async (name: string) => {
    const record = names.get(name.toLowerCase())
    if (record === undefined || record === 'NXDOMAIN')
      throw Object.assign(new Error(name), {code: 'ENOTFOUND'})
    const failure = /^~~(.*)~~$/.exec(record)
    if (failure) throw Object.assign(new Error(failure[1]), {code: 'ETIMEOUT'})
    return [[record === '""' ? '' : record]]
  }
}

const rows = readFileSync(new URL('../../../test/conformance/dkim-expected.tsv', import.meta.url), 'utf8')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))
  .map(line => line.split('\t'))

test('signatures of the corpus are valid exactly where Mail::DKIM and dkimpy find them so', async () => {
  const zones = new Map(Object.entries(ZONES).map(([name, make]) => [name, resolver(make())]))
  const results = new Map<string, readonly string[]>()
  let compared = 0
  const wrong: string[] = []
  for (const [file = '', place, , , expected] of rows) {
    if (!results.has(file)) {
      const content = Buffer.from(read(file).replace(/\r?\n/g, '\r\n'), 'latin1')
      const signatures = await verifySignatures(
        content,
        parseHeader(content),
        zones.get(file.split('/')[0]!)!,
      )
      results.set(
        file,
        signatures.map(({result}) => (result === 'pass' ? 'pass' : 'no')),
      )
    }
    // Drafts from before RFC 4871 are not looked at.
    if (expected === 'draft') continue
    compared++
    const result = results.get(file)?.[Number(place)] ?? 'none'
    if (result !== expected) wrong.push(`${file} ${place}: ${result}, expected ${expected}`)
  }
  assert.deepEqual(wrong, [])
  assert.ok(compared >= 60, `${compared} compared`)
})
