/**
 * signatures — the stage that verifies the DKIM signatures of a mail, and what follows from them at once.
 *
 * Diagnostics: each signature is a line of the log, level 1 where it is valid, else 2. A DNS that does not answer
 * makes a signature a temperror; nothing here holds a mail back.
 */

import {reliableSignatures, reputationFindings, rolesOf, verificationLine} from '../checks/dkim/relation.ts'
import {isSigned, type VerifiedSignature} from '../checks/dkim/signature.ts'
import type {Finding} from '../checks/finding.ts'
import type {Settings} from '../config/settings.ts'
import type {Header} from '../message/message.ts'
import type {Origin} from '../message/origin.ts'
import type {AuthorSignature} from './banks.ts'
import type {MailServices} from './services.ts'

export interface SignedMail {
  readonly content: Buffer
  readonly header: Header
  readonly origin: Origin
  readonly envelopeSender: string
  readonly settings: Settings
}

export interface Signatures {
  readonly findings: readonly Finding[]
  readonly all: readonly VerifiedSignature[]
  /** what `@author_to_policy_bank_maps` is asked about */
  readonly ofAuthors: readonly AuthorSignature[]
}

export function wantsVerification(header: Header, settings: Settings): boolean {
  return settings.flag('$enable_dkim_verification') && isSigned(header)
}

/** Rejects never. */
export async function verifiedSignatures(
  {content, header, origin, envelopeSender, settings}: SignedMail,
  {log, resolveTxt, shareMs}: MailServices,
): Promise<Signatures> {
  let all: readonly VerifiedSignature[]
  try {
    // Who verifies nothing loads nothing.
    const [{verifySignatures}, {limitedResolver}] = await Promise.all([
      import('../checks/dkim/verify.ts'),
      import('../checks/dkim/resolver.ts'),
    ])
    all = await verifySignatures(content, header, limitedResolver(resolveTxt, shareMs()))
  } catch (error) {
    log.write(-1, `dkim: signatures could not be verified: ${(error as Error).message}`)
    return {findings: [], all: [], ofAuthors: []}
  }
  const who = {from: origin.from, sender: origin.sender, envelopeSender}
  for (const signature of all)
    log.write(signature.result === 'pass' ? 1 : 2, verificationLine(signature, who))
  const reliable = reliableSignatures(all, settings)
  return {
    findings: [{kind: 'signatures', signatures: all}, ...reputationFindings(reliable, who, settings)],
    all,
    ofAuthors: reliable.flatMap(signature =>
      origin.from.map(author => ({
        author,
        thirdParty: rolesOf(signature, {...who, from: [author]}).includes('Author')
          ? undefined
          : signature.domain,
      })),
    ),
  }
}
