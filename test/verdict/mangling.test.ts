import assert from 'node:assert/strict'
import test from 'node:test'
import {type Category, MAJOR} from '../../src/config/category.ts'
import {manglingFor} from '../../src/verdict/mangling.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {blocked, CLEAN, category, recipient, verdict} from './make.ts'

const VIRUS = [category(MAJOR.Virus), CLEAN]
const BANNED_BADH = [category(MAJOR.Banned), category(MAJOR.BadHdr, 7), category(MAJOR.BadHdr), CLEAN]
const SPAMMY = [category(MAJOR.Spammy), category(MAJOR.Clean, 1), CLEAN]

const cases: readonly {
  title: string
  conf: string
  categories: readonly Category[]
  foreign?: true
  authors?: 'ours'
  expect: string | undefined
}[] = [
  {title: 'nothing is set', conf: '', categories: VIRUS, expect: undefined},
  {title: '1 is an attachment', conf: '$defang_virus = 1;', categories: VIRUS, expect: 'attach'},
  {title: 'it may be named', conf: "$defang_virus = 'attach';", categories: VIRUS, expect: 'attach'},
  {title: '0 is none', conf: '$defang_virus = 0;', categories: VIRUS, expect: undefined},
  {
    title: 'other categories do not count',
    conf: '$defang_banned = 1;',
    categories: VIRUS,
    expect: undefined,
  },
  {
    title: 'spammy mail is asked for as spam',
    conf: '$defang_spam = 1;',
    categories: SPAMMY,
    expect: 'attach',
  },
  {
    title: 'the highest category that wants a change decides',
    conf: "$defang_banned = 'altermime'; $defang_bad_header = 1;",
    categories: BANNED_BADH,
    expect: 'altermime',
  },
  {
    title: 'a category that wants none leaves it to a lower one',
    conf: '$defang_bad_header = 1;',
    categories: BANNED_BADH,
    expect: 'attach',
  },
  {
    title: 'a recipient may have a value of his own',
    conf: "%defang_by_ccat = (CC_VIRUS, [{'user@example.com' => 'altermime'}, 1]);",
    categories: VIRUS,
    expect: 'altermime',
  },
  {
    title: 'foreign recipients get no change',
    conf: '$defang_virus = 1;',
    categories: VIRUS,
    foreign: true,
    expect: undefined,
  },
  {title: 'all mail', conf: '$defang_all = 1;', categories: [CLEAN], expect: 'attach'},
  {title: 'null changes nothing', conf: "$defang_all = 'null';", categories: [CLEAN], expect: undefined},
  {title: 'an unknown name is told', conf: "$defang_all = 'anomy';", categories: [CLEAN], expect: 'anomy'},
  {
    title: 'a disclaimer needs $allow_disclaimers',
    conf: "%defang_by_ccat = (CC_CATCHALL, 'disclaimer');",
    categories: [CLEAN],
    authors: 'ours',
    expect: undefined,
  },
  {
    title: 'and an author of ours',
    conf: "%defang_by_ccat = (CC_CATCHALL, 'disclaimer'); $allow_disclaimers = 1;",
    categories: [CLEAN],
    expect: undefined,
  },
  {
    title: 'a disclaimer for a local recipient',
    conf: "%defang_by_ccat = (CC_CATCHALL, 'disclaimer'); $allow_disclaimers = 1;",
    categories: [CLEAN],
    authors: 'ours',
    expect: 'disclaimer',
  },
  {
    title: 'a disclaimer for a foreign recipient',
    conf: "%defang_by_ccat = (CC_CATCHALL, 'disclaimer'); $allow_disclaimers = $outbound_disclaimers_only = 1;",
    categories: [CLEAN],
    authors: 'ours',
    foreign: true,
    expect: 'disclaimer',
  },
  {
    title: 'none for local recipients with $outbound_disclaimers_only',
    conf: "%defang_by_ccat = (CC_CATCHALL, 'disclaimer'); $allow_disclaimers = $outbound_disclaimers_only = 1;",
    categories: [CLEAN],
    authors: 'ours',
    expect: undefined,
  },
]
for (const {title, conf, categories, foreign, authors, expect} of cases) {
  test(`change of the body: ${title}`, () => {
    const of = verdict({
      categories,
      local: foreign !== true,
      recipient: recipient(foreign ? 'x@other.test' : 'user@example.com'),
    })
    const mangling = manglingFor(of, settingsFrom(`${conf}\n1;`), () => authors === 'ours')
    assert.equal(mangling?.name, expect)
  })
}

test('blocked mail is not changed', () => {
  const of = blocked('DISCARD', MAJOR.Virus)
  assert.equal(
    manglingFor(of, settingsFrom('$defang_all = 1;'), () => true),
    undefined,
  )
})
