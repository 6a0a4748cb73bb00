import assert from 'node:assert/strict'
import test from 'node:test'
import {applyEdits, type HeaderEdits} from '../../../src/actions/edits/apply.ts'
import {expandTag, taggedSubject} from '../../../src/actions/edits/subject.ts'
import type {HeaderField} from '../../../src/message/message.ts'
import {header} from '../../verdict/make.ts'

const edits = (more: Partial<HeaderEdits> = {}): HeaderEdits => ({
  prepend: 'X-New: 1\r\n',
  remove: new Set(),
  drop: new Set(),
  subject: undefined,
  ...more,
})

const original = header(
  'Received: a\r\n b',
  'subject:  odd   \tspacing ',
  'X-Spam-Flag: YES',
  'X-Raw: \xff\0\r\x01',
  'no colon',
  'Subject: second',
)

test('edits that only add copy nothing: the mail is sent from its first octet', () => {
  assert.deepEqual(applyEdits(original, edits({remove: new Set(['x-absent'])})), {
    head: Buffer.from('X-New: 1\r\n'),
    from: 0,
  })
})

test('fields that are not edited are copied octet for octet, odd ones too', () => {
  const {head, from} = applyEdits(original, edits({remove: new Set(['x-spam-flag'])}))
  assert.equal(from, original.size)
  assert.equal(
    head.toString('latin1'),
    'X-New: 1\r\nReceived: a\r\n b\r\nsubject:  odd   \tspacing \r\nX-Raw: \xff\0\r\x01\r\nno colon\r\n' +
      'Subject: second\r\n\r\n',
  )
})

test('the topmost Subject is replaced in its place, others stay', () => {
  const {head} = applyEdits(original, edits({subject: Buffer.from('Subject: new\r\n')}))
  assert.match(head.toString('latin1'), /^X-New: 1\r\nReceived: a\r\n b\r\nSubject: new\r\nX-Spam-Flag/)
  assert.match(head.toString('latin1'), /Subject: second\r\n\r\n$/)
})

test('single fields can be left out', () => {
  const {head} = applyEdits(original, edits({drop: new Set([original.fields[5]!])}))
  assert.match(head.toString('latin1'), /no colon\r\n\r\n$/)
})

test('a header that no empty line ends gets none', () => {
  const open = {...original, size: original.size - 2}
  const {head} = applyEdits(open, edits({remove: new Set(['x-spam-flag'])}))
  assert.match(head.toString('latin1'), /Subject: second\r\n$/)
})

const field = (raw: string | Buffer): HeaderField => ({name: 'Subject', raw: Buffer.from(raw)})

const subjects: readonly (readonly [title: string, HeaderField | undefined, tag: string, string])[] = [
  ['plain text', field('Subject: hello\r\n'), '***SPAM*** ', 'Subject: ***SPAM*** hello\r\n'],
  ['none', undefined, '***SPAM*** ', 'Subject: ***SPAM***\r\n'],
  [
    'the same tag once more',
    field('Subject: ***SPAM*** hello\r\n'),
    '***SPAM*** ',
    'Subject: ***SPAM*** hello\r\n',
  ],
  [
    'a tag within',
    field('Subject: Re: ***SPAM*** hello\r\n'),
    '***SPAM*** ',
    'Subject: ***SPAM*** Re: hello\r\n',
  ],
  ['a short tag', field('Subject: x x y\r\n'), 'x ', 'Subject: x x x y\r\n'],
  [
    'an encoded one',
    field('Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\n'),
    '***SPAM*** ',
    'Subject: =?UTF-8?Q?***SPAM***_Gr=C3=BC=C3=9Fe?=\r\n',
  ],
  [
    'a tag inside encoded words',
    field('Subject: =?utf-8?Q?***SPAM***_=C3=BC?=\r\n'),
    '***SPAM*** ',
    'Subject: =?UTF-8?Q?***SPAM***_=C3=BC?=\r\n',
  ],
  [
    'an unknown charset',
    field('Subject: =?x-none?Q?a?=\r\n'),
    '***SPAM*** ',
    'Subject: ***SPAM*** =?x-none?Q?a?=\r\n',
  ],
  ['folds', field('Subject: a\r\n b\r\n'), 'T ', 'Subject: T a b\r\n'],
  ['an empty one', field('Subject:\r\n'), '***SPAM*** ', 'Subject: ***SPAM***\r\n'],
]
for (const [title, old, tag, expected] of subjects) {
  test(`Subject tag before ${title}`, () => assert.equal(taggedSubject(old, tag).toString(), expected))
}

test('tokens in a tag are filled in, unknown ones stay', () => {
  const facts = {
    score: '6.25',
    required: '5',
    isSpam: true,
    hostname: 'h.test',
    date: 'Sun',
    unixTime: 1795360336,
    taskId: '1-2',
    mailId: 'm',
  }
  assert.equal(
    expandTag(
      '[_SCORE_/_REQD_ _YESNO_ _YESNOCAPS_ _HOSTNAME_ _DATE_ _U_ _LOGID_ _MAILID_ _SUBJPREFIX_ _X_]',
      facts,
    ),
    '[6.25/5 Yes YES h.test Sun 1795360336 1-2 m  _X_]',
  )
})
