/** support — mails as scanners see them. */
import type {ReportCondition, ScanContext, SpamMail} from '../../../src/checks/spam/scanner.ts'
import {type Log, silentLog} from '../../../src/log/log.ts'
import {parseHeader} from '../../../src/message/header.ts'
import {octetsOf} from '../../../src/message/octets.ts'
import {settingsFrom} from '../../lookup/settings.ts'

/** @param text of the mail, lines end in LF */
export function spamMail(
  text: string,
  {
    conf = '',
    recipients = ['u@example.com'],
    ...more
  }: Partial<SpamMail> & {conf?: string; recipients?: readonly string[]} = {},
): SpamMail {
  const content = Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')
  return {
    taskId: '1-1',
    mailId: 'abc',
    envelope: {
      sender: 's@remote.test',
      recipients: recipients.map(address => ({address, orcpt: undefined, notify: undefined})),
      declaredSize: undefined,
      body: undefined,
      smtputf8: false,
      ret: undefined,
      envid: undefined,
    },
    client: {socketAddress: '127.0.0.1', socketPort: 1, helo: 'h', forwarded: new Map()},
    octets: octetsOf(content),
    content,
    header: parseHeader(content),
    parts: [],
    settings: settingsFrom(`use strict;\n${conf}\n1;`),
    virusStatus: undefined,
    osFingerprint: undefined,
    ...more,
  }
}

export const context = (timeoutMs = 5000): ScanContext => ({timeoutMs, log: silentLog})

/** What scanners are made with, and what they report. */
export function watched(): {
  readonly deps: {readonly log: Log; readonly report: ReportCondition}
  readonly conditions: string[]
} {
  const conditions: string[] = []
  const report: ReportCondition = (name, condition) => void conditions.push(`${name} ${condition}`)
  return {deps: {log: silentLog, report}, conditions}
}
