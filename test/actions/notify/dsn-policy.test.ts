import assert from 'node:assert/strict'
import test from 'node:test'
import {type DsnQuestion, decideDsns} from '../../../src/actions/notify/dsn-policy.ts'
import {MAJOR} from '../../../src/config/category.ts'
import {settingsFrom} from '../../lookup/settings.ts'
import {blocked, delivery, facts, outcome, relayed, verdict} from '../../verdict/make.ts'

const settingsOf = (conf: string) => settingsFrom(`use strict;\n${conf}\n1;`)

function decide(conf: string, more: Partial<DsnQuestion>): string[] {
  const question: DsnQuestion = {
    outcomes: [],
    facts: facts(),
    sender: 'sender@remote.test',
    isLmtp: false,
    originating: false,
    isBulk: false,
    settings: settingsOf(conf),
    ...more,
  }
  return decideDsns(question).map(decision =>
    decision.kind === 'suppressed' ? decision.reason : decision.kind === 'none' ? 'none' : decision.action,
  )
}

const virus = {outcomes: [outcome(blocked('BOUNCE', MAJOR.Virus))], facts: facts({virusNames: ['A', 'B']})}
const spam = {outcomes: [outcome(blocked('BOUNCE', MAJOR.Spam, {score: 9}))]}
const refused = outcome(verdict(), {delivery: delivery('550 5.1.1 no such user')})

test('all viruses fake their senders unless the configuration knows better', () => {
  assert.deepEqual(decide('', virus), ['INFECTED'])
  assert.deepEqual(decide('@viruses_that_fake_sender_maps = (new_RE(qr/^B$/));', virus), ['INFECTED'])
  assert.deepEqual(decide('@viruses_that_fake_sender_maps = (new_RE(qr/^C$/));', virus), ['failed'])
})

test('a score at the cutoff suppresses, for our own users the other pair of cutoffs counts', () => {
  const conf = '$sa_dsn_cutoff_level = 9; $sa_crediblefrom_dsn_cutoff_level = 18;'
  assert.deepEqual(decide(conf, spam), ['spam level of sender'])
  assert.deepEqual(decide(conf, {...spam, originating: true}), ['failed'])
  assert.deepEqual(
    decide('@spam_dsn_cutoff_level_maps = (9); @spam_dsn_cutoff_level_bysender_maps = ();', spam),
    ['spam level'],
  )
})

test('a refusal goes back to an LMTP client by itself, to an SMTP client when all are refused', () => {
  assert.deepEqual(decide('', {outcomes: [refused]}), ['none'])
  assert.deepEqual(decide('', {outcomes: [relayed(), refused]}), ['none', 'failed'])
  assert.deepEqual(decide('', {outcomes: [relayed(), refused], isLmtp: true}), ['none', 'none'])
})

test('nobody is told while an SMTP client will come back for all; LMTP recipients are each on their own', () => {
  const busy = outcome(verdict(), {delivery: delivery('450 4.2.0 busy')})
  const outcomes = [busy, ...spam.outcomes, refused]
  assert.deepEqual(decide('', {outcomes}), ['none', 'none', 'none'])
  assert.deepEqual(decide('', {outcomes, isLmtp: true}), ['none', 'failed', 'none'])
})
