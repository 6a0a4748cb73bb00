/**
 * release-text — what a person reads of a mail that comes out of quarantine in one of ours, by the operator's template
 * (`%notify_release_templ_by_ccat`, `%notify_report_templ_by_ccat`).
 *
 * Nothing is known here of how the mail was judged: macros of results are empty, and `%d` is when the mail came.
 */
import {type Charsets, charsetsOf, type NoticeText, readNotice} from '../actions/notify/notice-text.ts'
import {templateFor} from '../actions/notify/own-settings.ts'
import {MAJOR} from '../config/category.ts'
import type {Settings} from '../config/settings.ts'
import type {HeaderField} from '../message/message.ts'
import {decodeEncodedWords} from '../message/mime/encoded-word.ts'
import {readOrigin} from '../message/origin.ts'
import {factsOf} from '../verdict/facts.ts'
import type {MacroMail} from '../verdict/macros/macro-mail.ts'
import {macrosFor} from '../verdict/macros/macros.ts'
import {templateOf} from './templates.ts'

export interface ReleaseTextFacts {
  readonly kind: 'release' | 'report'
  /** attach, plain, arf, dsn */
  readonly format: string
  readonly feedbackType: string
  /** of the archive; '' for none */
  readonly password: string
  readonly taskId: string
  readonly mailId: string
  /** our own mailbox */
  readonly from: string
  /** whom it goes to */
  readonly recipients: readonly string[]
  /** of the mail in quarantine */
  readonly sender: string
  readonly fields: readonly HeaderField[]
  /** octets */
  readonly size: number
  /** ms since the epoch */
  readonly arrivedAt: number
}

export interface ReleaseText extends NoticeText {
  readonly charsets: Charsets
}

const TEMPLATES = {
  release: '%notify_release_templ_by_ccat',
  report: '%notify_report_templ_by_ccat',
} as const
/** What says when and which mail this is, is of the mail that we make. */
const OURS = /^(?:date|message-id)$/i

/**
 * @returns undefined where no template is set
 * @throws AmavisError AM_CONFIG for one that cannot be expanded
 */
export function releaseText(facts: ReleaseTextFacts, settings: Settings): ReleaseText | undefined {
  const template = templateFor(settings, TEMPLATES[facts.kind], [{major: MAJOR.CatchAll, minor: 0}])
  if (template === '') return undefined
  const own = new Map<string, string | readonly string[]>([
    ['f', facts.from],
    ['T', facts.recipients.map(address => `<${address}>`)],
    ['C', []],
    ['B', []],
    ['report_format', facts.format],
    ['feedback_type', facts.feedbackType],
    ['attachment_password', facts.password],
  ])
  const notice = readNotice(templateOf(template).expand(macrosFor(macroMail(facts, settings), 'notice', own)))
  return {
    ...notice,
    fields: notice.fields
      .filter(([name]) => !OURS.test(name))
      // the mail's own, which is encoded again
      .map(([name, body]) => [name, /^subject$/i.test(name) ? decodeEncodedWords(body) : body] as const),
    charsets: charsetsOf(settings),
  }
}

function macroMail(facts: ReleaseTextFacts, settings: Settings): MacroMail {
  const {taskId, mailId, sender, fields, size, arrivedAt} = facts
  const header = {fields, size: 0, doubtfulEnd: -1, isCut: false}
  return {
    taskId,
    mailId,
    secretId: '',
    parentMailId: '',
    envelope: {
      sender,
      recipients: [],
      declaredSize: undefined,
      body: undefined,
      smtputf8: false,
      ret: undefined,
      envid: undefined,
    },
    client: {
      socketAddress: undefined,
      socketPort: undefined,
      helo: undefined,
      user: undefined,
      forwarded: new Map(),
    },
    listener: {address: undefined, port: undefined, path: undefined},
    protocol: '',
    tls: '',
    header,
    origin: readOrigin(header, sender),
    settings,
    facts: factsOf([]),
    outcomes: [],
    actions: [],
    quarantine: [],
    stored: [],
    attachments: [],
    checks: new Set(),
    elapsed: new Map(),
    size,
    bodyDigest: '',
    partition: '',
    receivedAt: arrivedAt,
    elapsedMs: 0,
    complaints: [],
    dkimValid: [],
    dkimAdded: [],
  }
}
