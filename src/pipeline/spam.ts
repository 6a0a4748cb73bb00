/**
 * spam — the stage that asks the spam scanners.
 */
import type {Finding} from '../checks/finding.ts'
import {scanBuiltIn} from '../checks/spam/scan.ts'
import type {SpamMail, SpamScanner} from '../checks/spam/scanner.ts'
import type {Transaction} from '../session/transaction.ts'
import type {Run} from './run.ts'
import type {MailServices} from './services.ts'

export interface SpamSubject extends Omit<SpamMail, 'taskId' | 'envelope' | 'client' | 'octets'> {
  readonly mail: Transaction
}

/** What the spam scanners say; at once where there is nobody to ask. */
export function checkSpam(
  subject: SpamSubject,
  run: Run,
  services: MailServices,
): readonly Finding[] | Promise<readonly Finding[]> {
  const scanners = services.spamScanners.for(subject.settings)
  if (!(scanners instanceof Promise) && scanners.length === 0) {
    run.begin('SA check')
    return [scanBuiltIn(subject)]
  }
  return ask(subject, scanners, run, services)
}

async function ask(
  {mail, mailId, content, header, parts, settings, virusStatus, osFingerprint, signatures}: SpamSubject,
  made: readonly SpamScanner[] | Promise<readonly SpamScanner[]>,
  run: Run,
  {log, shareMs, reportScanner}: MailServices,
): Promise<readonly Finding[]> {
  // Few sites have none; those load nothing.
  const {scanSpam} = await import('../checks/spam/scan.ts')
  run.begin('spam scanners', undefined, '')
  const {taskId, envelope, client, octets} = mail
  return scanSpam(
    {
      taskId,
      mailId,
      envelope,
      client,
      octets,
      content,
      header,
      parts,
      settings,
      virusStatus,
      osFingerprint,
      signatures,
    },
    await made,
    {timeoutMs: shareMs(), log, answered: name => mail.timing.mark(name), report: reportScanner},
  )
}
