import assert from 'node:assert/strict'
import test from 'node:test'
import {AttributeReader, attributeLine} from '../../../src/session/ampdp/attributes.ts'
import {responseText} from '../../../src/session/ampdp/response.ts'

const parse = (...chunks: readonly string[]) => {
  const reader = new AttributeReader()
  return chunks.flatMap(chunk => reader.push(Buffer.from(chunk, 'latin1')))
}
const plain = (...chunks: readonly string[]) =>
  parse(...chunks).map(request =>
    request.kind === 'request' ? [Object.fromEntries(request.attributes), request.problems] : request.kind,
  )

const cases: readonly (readonly [title: string, chunks: readonly string[], expected: unknown])[] = [
  ['CRLF or LF', ['request=AM.PDP\r\nsender=<a@b>\n\r\n'], [[{request: ['AM.PDP'], sender: ['<a@b>']}, []]]],
  ['a colon', ['request: release\n\n'], [[{request: ['release']}, []]]],
  ['repeated names', ['recipient=<a>\nrecipient=<b>\n\n'], [[{recipient: ['<a>', '<b>']}, []]]],
  ['encoded octets', ['x=a%20b%0A%25%zz\n\n'], [[{x: ['a b\n%%zz']}, []]]],
  ['UTF-8', ['x=gr%C3%BCn\n\n'], [[{x: ['grün']}, []]]],
  ['octets that are not UTF-8', ['x=gr%FCn\n\n'], [[{x: ['gr\u00fcn']}, []]]],
  ['single octets', [...'a=b\n\n'], [[{a: ['b']}, []]]],
  [
    'two requests',
    ['a=1\n\na=2\n\n'],
    [
      [{a: ['1']}, []],
      [{a: ['2']}, []],
    ],
  ],
  ['what is no attribute', ['hello\n\n'], [[{}, ['not an attribute: "hello"']]]],
  [
    'names of objects',
    ['__proto__=1\nconstructor=2\n\n'],
    [[{constructor: ['2']}, ['not an attribute: "__proto__=1"']]],
  ],
]

for (const [title, chunks, expected] of cases) {
  test(`attributes: ${title}`, () => assert.deepEqual(plain(...chunks), expected))
}

test('a request without an end is given up', () => {
  assert.deepEqual(plain(`a=${'x'.repeat(5 * 1024 * 1024)}`), ['too long'])
})

test('a response line has each word encoded by itself', () => {
  assert.equal(
    attributeLine('insheader', '0', 'X-Spam-Status', 'Yes,\n 100% grün'),
    'insheader=0 X-Spam-Status Yes,%0a%20100%25%20gr%c3%bcn\r\n',
  )
})

const reply = (code: number, enhanced: string, text: string) => ({code, enhanced, text})
const edits = {changes: [], removedRecipients: [], addedRecipients: []}
const outcomes: readonly (readonly [
  title: string,
  code: number,
  accepted: boolean,
  value: string,
  exit: number,
])[] = [
  ['mail that goes on', 250, true, 'continue', 0],
  ['mail that was discarded, or delivered by us', 250, false, 'discard', 99],
  ['mail that is refused', 554, true, 'reject', 69],
  ['mail that is to come again, whoever thinks otherwise', 450, true, 'tempfail', 75],
]

for (const [title, code, accepted, value, exit] of outcomes) {
  test(`response: ${title}`, () => {
    const outcome = {
      reply: reply(code, `${(code / 100) | 0}.0.0`, 'Text of it'),
      perRecipient: [],
      ...(accepted && {edits}),
    }
    assert.equal(
      responseText({taskId: '09974f-03', outcome, insertAt: 0}),
      `version_server=2\r\nlog_id=09974f-03\r\nsetreply=${code} ${(code / 100) | 0}.0.0 Text%20of%20it\r\nreturn_value=${value}\r\nexit_code=${exit}\r\n\r\n`,
    )
  })
}

test('response: edits in the order in which a client has to do them', () => {
  const outcome = {
    reply: reply(250, '2.5.0', 'Ok'),
    perRecipient: [],
    edits: {
      removedRecipients: ['a b@x.test'],
      addedRecipients: ['new@x.test'],
      changes: [
        {kind: 'delete', name: 'x-spam-flag', index: 2},
        {kind: 'delete', name: 'x-spam-flag', index: 1},
        {kind: 'change', name: 'subject', index: 1, body: '***SPAM*** x'},
        {kind: 'insert', name: 'X-One', body: '1'},
        {kind: 'insert', name: 'X-Two', body: '2'},
      ],
    },
  } as const
  assert.equal(
    responseText({taskId: 't', outcome, insertAt: 0}),
    [
      'version_server=2',
      'log_id=t',
      'setreply=250 2.5.0 Ok',
      'delrcpt=<"a%20b"@x.test>',
      'addrcpt=<new@x.test>',
      'delheader=2 x-spam-flag',
      'delheader=1 x-spam-flag',
      'chgheader=1 subject ***SPAM***%20x',
      'insheader=0 X-Two 2',
      'insheader=0 X-One 1',
      'return_value=continue',
      'exit_code=0',
      '',
      '',
    ].join('\r\n'),
  )
})
