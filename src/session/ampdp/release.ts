/**
 * release — a request to release, requeue or report a mail in quarantine, and the answer to it (spec/daemon §5.4).
 */
import type {SmtpReply} from '../../errors.ts'
import type {ReleaseRequest, ReleaseResult} from '../release.ts'
import {type Attributes, one, plain} from './attributes.ts'
import {failureText, repliesText} from './response.ts'

/** A request for more is none. */
const MOST_RECIPIENTS = 10_000

export function releaseRequest(
  kind: ReleaseRequest['kind'],
  attributes: Attributes,
  settings: ReleaseRequest['settings'],
): ReleaseRequest {
  const given = (name: string) => one(attributes, name) || undefined
  const sender = one(attributes, 'sender')
  const requestedBy = given('requested_by')
  return {
    kind,
    mailId: one(attributes, 'mail_id') ?? '',
    secretId: given('secret_id'),
    mailFile: given('mail_file'),
    quarType: given('quar_type'),
    partition: given('partition_tag'),
    requestedBy: requestedBy && addressOf(requestedBy),
    sender: sender === undefined ? undefined : addressOf(sender),
    recipients: (attributes.get('recipient') ?? []).slice(0, MOST_RECIPIENTS).map(addressOf),
    settings,
  }
}

/** Nothing of it may end a line, or a path within angle brackets. */
function addressOf(text: string): string {
  return plain(text).replace(/[\x00-\x20\x7f<>]/g, '')
}

export function releaseResponse(result: ReleaseResult): string {
  return result.kind === 'answered'
    ? repliesText(result.replies)
    : failureText({code: 450, enhanced: '4.5.0', text: `Failure: ${result.reason}`} satisfies SmtpReply)
}
