import assert from 'node:assert/strict'
import test from 'node:test'
import {MAJOR} from '../../../src/config/category.ts'
import {compileTemplate} from '../../../src/log/template/expand.ts'
import {readOrigin} from '../../../src/message/origin.ts'
import type {MacroMail} from '../../../src/verdict/macros/macro-mail.ts'
import {macrosFor} from '../../../src/verdict/macros/macros.ts'
import {blocked, delivery, facts, header, outcome, verdict} from '../make.ts'
import {macroMail} from './make.ts'

const passed = [outcome(verdict({score: 4.68}), {delivery: delivery()})]

function text(of: MacroMail, names = ''): string {
  return compileTemplate(`[:report_json${names}]`).expand(macrosFor(of, 'log'))
}
const report = (more: Partial<MacroMail>, outcomes = passed) => JSON.parse(text(macroMail(outcomes, more)))

const STORED: readonly {readonly method: string; readonly location: string; readonly type?: string}[] = [
  {method: 'local:virus-%m', location: 'virus-Z7mjPTnrsiBW', type: 'F'},
  {method: 'local:virus-%m.gz', location: 'virus-Z7mjPTnrsiBW.gz', type: 'Z'},
  {method: 'bsmtp:%m', location: 'Z7mjPTnrsiBW', type: 'B'},
  {method: 'smtp:[127.0.0.1]:25', location: 'quarantine@example.com', type: 'M'},
  {method: 'lmtp:/run/lmtp', location: 'quarantine@example.com', type: 'M'},
]

for (const {method, location, type} of STORED) {
  test(`a copy by ${method} is of type ${type}`, () => {
    const found = report({stored: [{method, locations: [location]}]})
    assert.equal(found.quar_type, type)
    assert.equal(found.quarantine, location)
  })
}

test('a mail that was not stored has no type of quarantine', () => {
  const found = report({})
  assert.equal('quar_type' in found, false)
  assert.equal('quarantine' in found, false)
})

test('numbers keep three decimals', () => {
  const found = text(macroMail(passed, {receivedAt: 1_795_442_470_420, elapsed: new Map([['Total', 90]])}))
  assert.match(found, /"time_unix":1795442470\.420,/)
  assert.match(found, /"spam_score":4\.680[,}]/)
  assert.match(found, /"elapsed":\{"Amavis":0\.090,"Total":0\.090\}/)
})

test('the part of the time that is ours is what the scanners did not take', () => {
  const elapsed = new Map([
    ['Receiving', 2],
    ['VirusCheck', 33],
    ['SpamCheck', 124],
    ['Total', 289],
  ])
  const found = report({elapsed})
  assert.deepEqual(found.elapsed, {
    Amavis: 0.132,
    Receiving: 0.002,
    SpamCheck: 0.124,
    Total: 0.289,
    VirusCheck: 0.033,
  })
})

test('checks are told in one order, in whatever order they were made', () => {
  assert.equal(
    report({checks: new Set(['D', 'F', 'B', 'H', 'P', 'V', 'S'])}).checks_performed,
    'V S H B F P D',
  )
})

test('scanners that found nothing are not in av_scan', () => {
  const asked = [
    {scanner: 'one', names: ['A', 'A', 'B']},
    {scanner: 'two', names: []},
  ]
  const found = report({facts: facts({asked, virusNames: ['A', 'B']})}, [
    outcome(blocked('DISCARD', MAJOR.Virus)),
  ])
  assert.deepEqual(found.av_scan, {one: ['A', 'B']})
})

const AUTHORS: readonly {
  readonly from: string
  readonly signed: readonly string[]
  readonly author?: string
}[] = [
  {from: 'a@out.test', signed: ['s:out.test'], author: 'out.test'},
  {from: 'a@OUT.test', signed: ['s:list.test', 's2:Out.test'], author: 'out.test'},
  {from: 'a@out.test', signed: ['s:list.test']},
  {from: 'a@out.test, b@out.test', signed: ['s:out.test']},
  {from: 'a@out.test', signed: []},
]

for (const {from, signed, author} of AUTHORS) {
  test(`mail from ${from} signed by ${signed.join(' and ') || 'nobody'} has the author's signature: ${author ?? 'no'}`, () => {
    const fields = header(`From: ${from}`)
    const found = report({header: fields, origin: readOrigin(fields, ''), dkimValid: signed})
    assert.equal(found.dkim_author_sig, author)
    assert.deepEqual(
      found.dkim_valid_sig,
      signed.length > 0 ? signed.map(pair => pair.replace(/^.*:/, '')) : undefined,
    )
  })
}

test('a part with one name has a text, one with more a list', () => {
  const attachments = [['a.zip'], ['café.txt', '=?utf-8?Q?caf=C3=A9?=.txt']]
  assert.deepEqual(report({attachments}).attached_file_names, ['a.zip', attachments[1]])
})

test('keys are chosen by their names, or left out', () => {
  const mail = macroMail(passed)
  assert.deepEqual(Object.keys(JSON.parse(text(mail, '|mail_id size'))), ['mail_id', 'size'])
  const without = JSON.parse(text(mail, '|!recipients|!tests'))
  assert.equal('recipients' in without || 'tests' in without, false)
  assert.equal(without.type, 'amavis')
})
