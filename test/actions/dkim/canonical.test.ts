import assert from 'node:assert/strict'
import {createHash} from 'node:crypto'
import {test} from 'node:test'
import {BodyHash, canonicalField, type Form} from '../../../src/actions/dkim/canonical.ts'

/** RFC 6376 §3.4.3 and 3.4.4, word for word, on a whole body. */
function plainHash(body: string, form: Form): string {
  let text = body
  if (form === 'relaxed') text = text.replace(/[ \t]+/g, ' ').replace(/ (?=\r\n|$)/g, '')
  text = text.replace(/(?:\r\n)+$/, '')
  if (text !== '' || form === 'simple') text += '\r\n'
  return createHash('sha256').update(text, 'latin1').digest('base64')
}

function hashInChunks(body: string, form: Form, sizes: () => number): string {
  const octets = Buffer.from(body, 'latin1')
  const hash = new BodyHash(form)
  for (let at = 0; at < octets.length; ) {
    const end = at + sizes()
    hash.update(octets.subarray(at, end))
    at = end
  }
  return hash.digest()
}

const BODIES = [
  '',
  '\r\n',
  '\r\n\r\n\r\n',
  'a',
  'a\r\n',
  'a\r\n\r\n\r\n',
  ' a\tb  c \r\n \t \r\n',
  'trailing \t ',
  '\xe9 8-bit\r\n\x00nul\r\n',
  `${'x'.repeat(2000)}\r\n${'\r\n'.repeat(10_000)}end\r\n`,
  'lone\rcr and lone\nlf \n \r\n',
]

for (const form of ['simple', 'relaxed'] as const) {
  test(`a body's hash in the ${form} form is the same however it comes in pieces`, () => {
    let seed = 7
    const random = (most: number) => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
      return 1 + (seed % most)
    }
    const made = Array.from({length: 300}, () =>
      Array.from(
        {length: random(60)},
        () => ['\r\n', ' ', '\t', 'a', '.', '\r', '\n', 'bc'][random(8) - 1],
      ).join(''),
    )
    for (const body of [...BODIES, ...made]) {
      const expected = plainHash(body, form)
      for (const sizes of [() => 1, () => 2, () => random(5), () => 1_000_000])
        assert.equal(hashInChunks(body, form, sizes), expected, JSON.stringify(body.slice(0, 80)))
    }
  })
}

test('a field is relaxed as RFC 6376 shows it', () => {
  assert.equal(
    canonicalField(Buffer.from('SUBJect \t:  A\r\n\t folded \t line  \r\n'), 'relaxed'),
    'subject:A folded line\r\n',
  )
  assert.equal(canonicalField(Buffer.from('B : Y\t\r\n\tZ  \r\n'), 'simple'), 'B : Y\t\r\n\tZ  \r\n')
})
