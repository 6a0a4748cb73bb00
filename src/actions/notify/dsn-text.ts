/**
 * dsn-text — what a person reads in a DSN of ours, by category.
 *
 * Plain ASCII, lines of at most 76 columns where we write them; addresses and answers may be longer.
 */
import {MAJOR} from '../../config/category.ts'
import {leadingCategory} from '../../verdict/summary.ts'
import type {Facts, RecipientOutcome} from '../../verdict/verdict.ts'

export interface DsnTextFacts {
  readonly outcomes: readonly RecipientOutcome[]
  readonly facts: Facts
  readonly hostname: string
  readonly taskId: string
  readonly mailId: string
  /** field bodies of the original, unfolded */
  readonly from: string | undefined
  readonly messageId: string | undefined
  readonly subject: string | undefined
  /** `helo ([ip])` of the client that brought the mail */
  readonly client: string
}

export interface DsnText {
  readonly subject: string
  readonly body: string
  /** DSN, VS or SS: how the Message-ID begins (spec/daemon §8) */
  readonly idPrefix: string
}

export function dsnText(dsn: DsnTextFacts): DsnText {
  const {outcomes, facts} = dsn
  const failed = outcomes.some(({response}) => response.code >= 300)
  const [subject, reason, idPrefix] = failed ? explanation(dsn) : RELAYED
  const lines = [
    `This is the content filter at ${dsn.hostname}.`,
    '',
    ...reason,
    '',
    failed ? 'It was not delivered to:' : 'It was handed on for:',
    ...outcomes.flatMap(({verdict, response}) => [
      `  <${verdict.recipient.address}>`,
      `    ${response.code} ${response.enhanced} ${response.text}`,
    ]),
    '',
    ...(failed ? ['Nothing further will be tried for these recipients.', ''] : []),
    `Our reference: ${dsn.taskId}/${dsn.mailId}`,
    `Received from: ${dsn.client}`,
    ...header('From', dsn.from),
    ...header('Message-ID', dsn.messageId),
    ...header('Subject', dsn.subject),
    '',
    'The header of the message is attached, and a report for mail software.',
    ...(facts.virusNames.length > 0 && failed
      ? ['', 'If you did not send it, somebody else used your address; no action is needed.']
      : []),
  ]
  return {subject, body: lines.map(line => `${printable(line)}\r\n`).join(''), idPrefix}
}

type Explanation = readonly [subject: string, reason: readonly string[], idPrefix: string]

const RELAYED: Explanation = [
  'Mail was handed on',
  [
    'The message that you asked to be told about was passed to the next mail',
    'system, which sends no notifications itself.',
  ],
  'DSN',
]

function explanation({outcomes, facts}: DsnTextFacts): Explanation {
  switch (leadingCategory(outcomes).major) {
    case MAJOR.Virus:
      return [
        'Mail not delivered: it is infected',
        [
          'A message with your address as its sender contains malicious content:',
          `  ${facts.virusNames.join(', ')}`,
        ],
        'VS',
      ]
    case MAJOR.Banned:
      return [
        'Mail not delivered: it has an attachment that is not accepted',
        [
          'Your message has a part of a type or name that is not accepted here:',
          `  ${facts.bannedReasons.join(' | ')}`,
        ],
        'VS',
      ]
    case MAJOR.Unchecked:
      return [
        'Mail not delivered: it could not be checked',
        [
          'Your message has content that could not be examined, for example since it is',
          'encrypted or damaged.',
        ],
        'DSN',
      ]
    case MAJOR.Spam:
    case MAJOR.Spammy:
      return [
        'Mail not delivered: it looks like spam',
        ['Your message was taken for unsolicited bulk mail.'],
        'SS',
      ]
    case MAJOR.BadHdr:
      return [
        'Mail not delivered: its header is malformed',
        [
          'The header of your message does not conform to the mail standards:',
          `  ${facts.headerComplaint ?? ''}`,
        ],
        'DSN',
      ]
    case MAJOR.Oversized:
      return [
        'Mail not delivered: it is too large',
        ['Your message is larger than the recipients accept.'],
        'DSN',
      ]
    default:
      return ['Mail not delivered', ['The next mail system did not accept your message.'], 'DSN']
  }
}

function header(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}: ${value}`]
}

function printable(line: string): string {
  return line.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, '?')
}
