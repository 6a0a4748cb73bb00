/**
 * output — what classifying programs write about a mail, as points and header fields.
 *
 * Known by what they write, not by how they are called: DSPAM, CRM114, Bogofilter, SpamProbe; what SpamBayes
 * writes gives no points. Only the header-like lines before the first empty line count: a program may copy the
 * whole mail. Source: spec/daemon §10.4 and §6.1, position 9; the programs' manual pages. Pure.
 */

/** Points before the scanner's factor. */
export interface Classified {
  readonly points: number
  /** what stands after the scanner's name in that of the test: `.Spam`, `.GOOD(28.75)` */
  readonly suffix: string
  readonly opinion: 'ham' | 'spam' | 'unsure'
  readonly fields: readonly (readonly [name: string, body: string])[]
  /** decimals of the test's points; undefined: as many as needed */
  readonly decimals: number | undefined
}

/** undefined: not understood */
export function readOutput(output: string): Classified | undefined {
  const head =
    output
      .replaceAll('\r\n', '\n')
      .split(/^[ \t]*\n/m)
      .find(text => text.trim() !== '') ?? ''
  const fields = fieldsOf(head)
  return dspam(fields) ?? bogofilter(fields) ?? crm114(fields, head) ?? spamProbe(head) ?? spamBayes(fields)
}

type Fields = Classified['fields']

/** Names of fields that programs write; those of a mail that is given to them are taken out before. */
export const PROGRAM_FIELD = /^(?:X-DSPAM-[\w-]+|X-CRM114-[\w-]+|X-Bogosity|X-Spambayes-[\w-]+)$/i

function fieldsOf(head: string): Fields {
  return [...head.matchAll(/^([!-9;-~]+):[ \t]*(.*(?:\n[ \t]+.*)*)/gm)].flatMap(([, name = '', body = '']) =>
    PROGRAM_FIELD.test(name) ? [[name, body.replace(/\s+/g, ' ').trim()] as const] : [],
  )
}

function fieldOf(fields: Fields, name: string): string | undefined {
  return fields.find(([key]) => key.toLowerCase() === name)?.[1]
}

const DSPAM_SPAM = new Set(['spam', 'blacklisted', 'blocklisted', 'virus'])

/** Fields of their own, or all in one: `X-DSPAM-Result: user; result="Spam"; …; signature=4a1b2c`. */
function dspam(fields: Fields): Classified | undefined {
  const summary = fieldOf(fields, 'x-dspam-result')
  if (summary === undefined) return undefined
  const parts = [...summary.matchAll(/;\s*(\w+)=(?:"([^"]*)"|([^\s;]*))/g)].map(
    ([, name = '', quoted, plain = '']) =>
      [`X-DSPAM-${name[0]!.toUpperCase()}${name.slice(1)}`, quoted ?? plain] as const,
  )
  const known = (parts.length === 0 ? fields : parts).filter(
    ([name, body]) => name !== 'X-DSPAM-Signature' || /^\w[\w,-]*$/.test(body),
  )
  const result = fieldOf(known, 'x-dspam-result') ?? ''
  if (result === '') return undefined
  const isSpam = DSPAM_SPAM.has(result.toLowerCase())
  return {
    points: isSpam ? 10 : -1,
    suffix: `.${word(result)}`,
    opinion: isSpam ? 'spam' : 'ham',
    fields: known,
    decimals: 3,
  }
}

/** mailreaver's own limits, where its output has no word for them. */
const CRM_LIMIT = 10

/** `X-CRM114-Status: GOOD ( 28.75 )`, or with --stats_only the number alone: positive is good. */
function crm114(fields: Fields, head: string): Classified | undefined {
  const status = fieldOf(fields, 'x-crm114-status')
  const [, said, stated] = /^(\w+)\s*\(\s*(?:pR:\s*)?([-+]?\d+(?:\.\d+)?)/.exec(status ?? '') ?? []
  const alone = status === undefined ? /^\s*([-+]?\d+\.\d+)\s*$/.exec(head)?.[1] : undefined
  const number = stated ?? alone
  if (number === undefined) return undefined
  const points = Number(number)
  const word =
    said?.toUpperCase() ?? (points >= CRM_LIMIT ? 'GOOD' : points <= -CRM_LIMIT ? 'SPAM' : 'UNSURE')
  return {
    points,
    suffix: `.${word}(${number})`,
    opinion: word === 'GOOD' ? 'ham' : word === 'SPAM' ? 'spam' : 'unsure',
    fields: [
      ...fields.filter(([name, body]) => !/^x-crm114-(?:status|cacheid)$/i.test(name) && body !== ''),
      ['X-CRM114-Status', `${word} ( ${number} )`],
      ...fields.filter(([name, body]) => /^x-crm114-cacheid$/i.test(name) && /^sfid-\w+$/.test(body)),
    ],
    decimals: 3,
  }
}

/** `X-Bogosity: Spam, tests=bogofilter, spamicity=0.999999, version=1.2.5` */
function bogofilter(fields: Fields): Classified | undefined {
  const said = /^\w+/.exec(fieldOf(fields, 'x-bogosity') ?? '')?.[0].toLowerCase()
  if (said === undefined) return undefined
  const opinion =
    said === 'spam' || said === 'yes' ? 'spam' : said === 'ham' || said === 'no' ? 'ham' : 'unsure'
  return {points: POINTS[opinion], suffix: '', opinion, fields, decimals: undefined}
}

const POINTS = {spam: 5, ham: -5, unsure: 0} as const

/** `SPAM 0.9999990 5895fbad63311709c604812f17ae1c54` */
function spamProbe(head: string): Classified | undefined {
  const said = /^(SPAM|GOOD) [01]\.\d+(?: [0-9a-f]{32})?\s*$/.exec(head)?.[1]
  if (said === undefined) return undefined
  const opinion = said === 'SPAM' ? 'spam' : 'ham'
  return {points: POINTS[opinion], suffix: `.${said}`, opinion, fields: [], decimals: undefined}
}

function spamBayes(fields: Fields): Classified | undefined {
  const isKnown = fields.some(([name]) => /^x-spambayes-/i.test(name))
  return isKnown ? {points: 0, suffix: '', opinion: 'unsure', fields, decimals: undefined} : undefined
}

/** As a test may be called. */
function word(text: string): string {
  return text.replace(/\W/g, '_').slice(0, 40)
}
