/** Each category × destiny × lover × bypass × list of senders: what becomes of the mail, and how it is answered. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type {Finding, SenderListing} from '../../src/checks/finding.ts'
import type {Destiny} from '../../src/config/category.ts'
import type {Settings} from '../../src/config/settings.ts'
import {factsOf} from '../../src/verdict/facts.ts'
import {judge} from '../../src/verdict/judge.ts'
import {Bypasses} from '../../src/verdict/policy.ts'
import type {RecipientVerdict} from '../../src/verdict/verdict.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {envelope, recipient, replyText, TASK} from './make.ts'

const LEVELS = `$sa_tag_level_deflt = 2; $sa_tag2_level_deflt = 5; $sa_kill_level_deflt = 8;
@message_size_limit_maps = (100000);
`

interface Kind {
  readonly ccat: string
  readonly found: readonly Finding[]
  readonly size?: number
  /** the list of those who take it nevertheless */
  readonly lovers: string
  /** of `@bypass_…_checks_maps`; undefined: there is none */
  readonly bypass: string | undefined
  /** status without its first digit */
  readonly status: string
  readonly reason: string
}

const report = (score: number): Finding => ({
  kind: 'spam',
  report: {scanner: 'SA', score, tests: [], autolearn: ''},
})
const KINDS: Readonly<Record<string, Kind>> = {
  virus: {
    ccat: 'CC_VIRUS',
    found: [{kind: 'virus', scanner: 'clamd', names: ['Eicar']}],
    lovers: '@virus_lovers_maps',
    bypass: 'virus',
    status: '54 .7.0',
    reason: 'INFECTED: Eicar',
  },
  banned: {
    ccat: 'CC_BANNED',
    found: [
      {
        kind: 'banned',
        hit: {recipients: [0, 1], path: 'P=p1', reason: '.exe', rule: 'r', value: '1', discard: false},
      },
    ],
    lovers: '@banned_files_lovers_maps',
    bypass: 'banned',
    status: '54 .7.0',
    reason: 'BANNED: .exe',
  },
  encrypted: {
    ccat: 'CC_UNCHECKED',
    found: [{kind: 'unchecked', minor: 1, part: 'p001', reason: 'encrypted'}],
    lovers: '@unchecked_lovers_maps',
    bypass: 'virus',
    status: '54 .7.0',
    reason: 'UNCHECKED: encrypted',
  },
  spam: {
    ccat: 'CC_SPAM',
    found: [report(9)],
    lovers: '@spam_lovers_maps',
    bypass: 'spam',
    status: '54 .7.0',
    reason: 'spam',
  },
  spammy: {
    ccat: 'CC_SPAMMY',
    found: [report(6)],
    lovers: '@spam_lovers_maps',
    bypass: 'spam',
    status: '54 .7.0',
    reason: 'spammy',
  },
  'bad header': {
    ccat: 'CC_BADH',
    found: [{kind: 'bad-header', complaint: {minor: 8, message: 'twice'}}],
    lovers: '@bad_header_lovers_maps',
    bypass: 'header',
    status: '54 .6.0',
    reason: 'BAD HEADER: duplicate header field',
  },
  oversized: {
    ccat: 'CC_OVERSIZED',
    found: [],
    size: 100_001,
    lovers: '@{$lovers_maps_by_ccat{+CC_OVERSIZED}}',
    bypass: undefined,
    status: '52 .3.4',
    reason: "Message size exceeds recipient's size limit",
  },
}

const WORDS: Readonly<Record<Exclude<Destiny, 'PASS'>, string>> = {
  DISCARD: 'Ok, discarded',
  BOUNCE: 'Bounce',
  REJECT: 'Reject',
  TEMPFAIL: 'Temporary failure',
}

/** How the client is told of a blocked recipient. */
function answer(destiny: Destiny, {status, reason}: Kind): string | undefined {
  if (destiny === 'PASS') return undefined
  const [last, enhanced] = status.split(' ')
  const why = `, id=${TASK} - ${reason}`
  if (destiny === 'DISCARD') return `250 2${enhanced} ${WORDS.DISCARD}${why}`
  if (destiny === 'TEMPFAIL') return `450 4${enhanced} ${WORDS.TEMPFAIL}${why}`
  return `5${last} 5${enhanced} ${WORDS[destiny]}${why}`
}

const LISTS: Readonly<Record<string, SenderListing>> = {
  'no list': {blacklisted: false, whitelisted: false, points: undefined},
  blacklist: {blacklisted: true, whitelisted: false, points: undefined},
  whitelist: {blacklisted: false, whitelisted: true, points: undefined},
  'both lists': {blacklisted: true, whitelisted: true, points: undefined},
  'points that save it': {blacklisted: false, whitelisted: false, points: -5},
}

/** The first recipient is the one that the settings are about; the second has none. */
function verdicts(kind: Kind, settings: Settings, list: SenderListing): readonly RecipientVerdict[] {
  const findings: Finding[] = [...kind.found, {kind: 'sender-lists', listings: [list, LISTS['no list']!]}]
  const recipients = [recipient('one@example.com'), recipient('two@example.com')]
  return judge({
    bypasses: new Bypasses(recipients).under(settings),
    taskId: TASK,
    findings,
    facts: factsOf(findings),
    scannersAnswered: 1,
    envelope: envelope({recipients}),
    size: kind.size ?? 1000,
    originating: false,
    isBulk: false,
    settings,
  })
}

const show = ({destiny, response}: RecipientVerdict) => [destiny, response && replyText(response)]
const isSpam = ({ccat}: Kind) => ccat === 'CC_SPAM' || ccat === 'CC_SPAMMY'

for (const [name, kind] of Object.entries(KINDS)) {
  for (const destiny of ['PASS', 'DISCARD', 'BOUNCE', 'REJECT', 'TEMPFAIL'] as const) {
    test(`${name}, ${destiny}: unless loved, bypassed or listed`, () => {
      for (const loved of [false, true]) {
        for (const bypassed of kind.bypass === undefined ? [false] : [false, true]) {
          const settings = settingsFrom(
            `${LEVELS}$final_destiny_by_ccat{+${kind.ccat}} = D_${destiny};
            ${loved ? `${kind.lovers} = (['one@example.com']);` : ''}
            ${bypassed ? `@bypass_${kind.bypass}_checks_maps = (['one@example.com']);` : ''}\n1;`,
          )
          for (const [list, listing] of Object.entries(LISTS)) {
            // White wins against black; a black sender is spam whatever the points, where spam counts at all.
            const isCleared = isSpam(kind) && (listing.whitelisted || listing.points !== undefined)
            const passes = loved || bypassed || isCleared
            const expected = passes ? 'PASS' : destiny
            const [one, two] = verdicts(kind, settings, listing)
            const how = `${loved ? 'loved' : 'not loved'}, ${bypassed ? 'bypassed' : 'checked'}, ${list}`
            // A black sender reaches all levels, tag3 among them.
            const isBlack = name === 'spammy' && listing.blacklisted
            const told = isBlack ? {...kind, reason: 'spammy (tag3)'} : kind
            assert.deepEqual(show(one!), [expected, answer(expected, told)], how)
            assert.deepEqual(show(two!), [destiny, answer(destiny, kind)], `${how}: the other recipient`)
          }
        }
      }
    })
  }
}

test('a mail of a blacklisted sender is spam without any points', () => {
  const settings = settingsFrom(`${LEVELS}$final_spam_destiny = D_REJECT;\n1;`)
  const kind = {...KINDS['spam']!, found: []}
  const [one, two] = verdicts(kind, settings, LISTS['blacklist']!)
  assert.deepEqual(show(one!), ['REJECT', answer('REJECT', kind)])
  assert.equal(two!.destiny, 'PASS')
})
