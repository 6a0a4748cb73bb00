import assert from 'node:assert/strict'
import {test} from 'node:test'
import {scanSpamTestString} from '../../../src/checks/spam/test-strings.ts'
import {scanTestString} from '../../../src/checks/virus/test-string.ts'
import {partsOf, VIRUS} from './fakes.ts'

const SPAM = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE', '-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'].join('')

const bodies: [title: string, body: string, isFound: boolean][] = [
  ['alone', VIRUS, true],
  ['with a line end', `${VIRUS}\n`, true],
  ['with white space up to 128 octets', VIRUS + ' '.repeat(60), true],
  ['with white space beyond 128 octets', VIRUS + ' '.repeat(61), false],
  ['after a blank', ` ${VIRUS}`, false],
  ['with text after it', `${VIRUS}x`, false],
  ['cut by an octet', VIRUS.slice(0, -1), false],
]

for (const [title, body, isFound] of bodies) {
  test(`the anti-virus test string ${title} is ${isFound ? 'found' : 'not the test file'}`, () => {
    const base64 = Buffer.from(body).toString('base64')
    const answer = scanTestString(partsOf(`Content-Transfer-Encoding: base64\n\n${base64}\n`))
    assert.deepEqual(answer, isFound ? {kind: 'infected', names: ['Eicar-Test-Signature']} : {kind: 'clean'})
  })
}

test('the anti-spam test string is found in the body and in texts that were encoded', () => {
  const spam = {scanner: 'builtin', score: 1000, tests: [{name: 'GTUBE', score: 1000}], autolearn: 'no'}
  assert.deepEqual(scanSpamTestString(Buffer.from(`hello\r\n${SPAM}\r\n`), []), spam)
  const encoded = `Content-Transfer-Encoding: base64\n\n${Buffer.from(`hello ${SPAM} there`).toString('base64')}\n`
  assert.deepEqual(scanSpamTestString(Buffer.from(encoded), partsOf(encoded)), spam)
  assert.deepEqual(scanSpamTestString(Buffer.from('hello'), partsOf('Subject: x\n\nhello\n')), {
    scanner: 'builtin',
    score: 0,
    tests: [],
    autolearn: 'no',
  })
})
