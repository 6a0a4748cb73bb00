/**
 * spam — the stage that asks the spam scanners.
 */
import type {VerifiedSignature} from '../checks/dkim/signature.ts'
import type {Finding} from '../checks/finding.ts'
import {scanBuiltIn} from '../checks/spam/scan.ts'
import type {SpamScanner} from '../checks/spam/scanner.ts'
import type {Settings} from '../config/settings.ts'
import type {Header, Part} from '../message/message.ts'
import type {Transaction} from '../session/transaction.ts'
import type {Run} from './run.ts'
import type {MailServices} from './services.ts'

export interface SpamSubject {
  readonly mail: Transaction
  readonly mailId: string
  readonly content: Buffer
  readonly header: Header
  readonly parts: readonly Part[]
  readonly settings: Settings
  /** as X-Amavis-AV-Status has it; undefined: no virus was found */
  readonly virusStatus: string | undefined
  /** as X-Amavis-OS-Fingerprint has it */
  readonly osFingerprint: string | undefined
  /** undefined: nobody has verified them */
  readonly signatures: readonly VerifiedSignature[] | undefined
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
