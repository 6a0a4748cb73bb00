import assert from 'node:assert/strict'
import test from 'node:test'
import {senderListings} from '../../src/checks/spam/sender-lists.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {envelope, recipient} from '../verdict/make.ts'

const SOFT = `
@score_sender_maps = ({
  'a.test' => [ { '.lists.test' => -2, 'spammer@x.test' => 8 } ],
  '.'      => [ new_RE( [qr'^news(letter)?@'i => 3.5] ), { 'boss@b.test' => -5 } ],
});
`
interface Case {
  readonly title: string
  readonly conf: string
  readonly sender: string
  readonly authors?: readonly string[]
  readonly to?: readonly string[]
  /** B, W and points for each recipient */
  readonly expected: readonly string[]
}
const cases: readonly Case[] = [
  {title: 'no lists', conf: '', sender: 's@x.test', expected: ['']},
  {
    title: 'a black sender',
    conf: "@blacklist_sender_maps = (['.x.test']);",
    sender: 's@x.test',
    expected: ['B'],
  },
  {
    title: 'an author counts as well as the envelope',
    conf: "@whitelist_sender_maps = ({'boss@b.test' => 1});",
    sender: 'bounce@list.test',
    authors: ['boss@b.test'],
    expected: ['W'],
  },
  {
    title: 'both colours',
    conf: "@whitelist_sender_maps = ({'s@x.test' => 1}); @blacklist_sender_maps = (['.x.test']);",
    sender: 's@x.test',
    expected: ['BW'],
  },
  {
    title: "a recipient's own table",
    conf: "$per_recip_blacklist_sender_lookup_tables = {'one@a.test' => ['.x.test']};",
    sender: 's@x.test',
    to: ['one@a.test', 'two@a.test'],
    expected: ['B', ''],
  },
  {
    title: 'soft lists of both levels are summed',
    conf: SOFT,
    sender: 'news@lists.test',
    to: ['joe@a.test'],
    expected: ['1.5'],
  },
  {
    title: 'soft lists of others do not count',
    conf: SOFT,
    sender: 'spammer@x.test',
    to: ['joe@b.test'],
    expected: [''],
  },
  {
    title: 'a quoted local part is what it means',
    conf: "@blacklist_sender_maps = ({'a b@x.test' => 1});",
    sender: '"a b"@x.test',
    expected: ['B'],
  },
]

for (const {title, conf, sender, authors = [], to = ['user@example.com'], expected} of cases) {
  test(`sender lists: ${title}`, () => {
    const settings = settingsFrom(`use strict;\n${conf}\n1;`)
    const recipients = to.map(address => recipient(address))
    const listings = senderListings(envelope({sender, recipients}), authors, settings)
    const texts = listings.map(
      ({blacklisted, whitelisted, points}) =>
        `${blacklisted ? 'B' : ''}${whitelisted ? 'W' : ''}${points ?? ''}`,
    )
    assert.deepEqual(texts, expected)
  })
}
