/**
 * signatures — the stage that verifies what says who sent a mail, and what follows from it at once: the DKIM
 * signatures, and where they are asked for the ARC chain, SPF and DMARC.
 *
 * Diagnostics: each signature is a line of the log, level 1 where it is valid, else 2; the others are lines of level 2.
 * A DNS that does not answer makes a signature a temperror; nothing here holds a mail back.
 */
import {hasArcFields} from '../checks/authentication/arc.ts'
import type {ArcResult, Authentication, DmarcResult, SpfResult} from '../checks/authentication/result.ts'
import {arcText, dmarcText, spfText} from '../checks/authentication/text.ts'
import {authenticates, wantsArc, wantsDkim, wantsDmarc, wantsSpf} from '../checks/authentication/wanted.ts'
import {reliableSignatures, reputationFindings, rolesOf, verificationLine} from '../checks/dkim/relation.ts'
import {isSigned, type VerifiedSignature} from '../checks/dkim/signature.ts'
import type {Resolve} from '../checks/dns/resolver.ts'
import type {Finding} from '../checks/finding.ts'
import type {Settings} from '../config/settings.ts'
import {isNamed} from '../message/header.ts'
import type {Header} from '../message/message.ts'
import {isPublic, type Origin} from '../message/origin.ts'
import type {AuthorSignature} from './banks.ts'
import type {MailServices} from './services.ts'

/** Questions that SPF may ask for one mail: ten mechanisms, of which MX and PTR ask for up to ten names each. */
const MOST_SPF_QUESTIONS = 60
/** Questions that DMARC may ask for one mail: a walk up to the top is eight. */
const MOST_DMARC_QUESTIONS = 40

export interface SignedMail {
  readonly content: Buffer
  readonly header: Header
  readonly origin: Origin
  readonly envelopeSender: string
  /** who gave the mail to the MTA, as far as that says; undefined address: unknown */
  readonly client: {readonly address: string | undefined; readonly helo: string | undefined}
  readonly settings: Settings
}

export interface Signatures {
  readonly findings: readonly Finding[]
  readonly all: readonly VerifiedSignature[]
  /** what `@author_to_policy_bank_maps` is asked about */
  readonly ofAuthors: readonly AuthorSignature[]
}

/** What is to be evaluated of this mail. */
export interface Wanted {
  readonly dkim: boolean
  readonly arc: boolean
  readonly spf: boolean
  readonly dmarc: boolean
}

/**
 * SPF and DMARC are about mail that comes in from a stranger.
 * @returns undefined: nothing
 */
export function wantedVerification({
  header,
  client,
  settings,
}: Pick<SignedMail, 'header' | 'client' | 'settings'>): Wanted | undefined {
  if (!authenticates(settings)) return undefined
  const isIncoming = !settings.flag('$originating')
  const wanted = {
    dkim: wantsDkim(settings) && isSigned(header),
    arc: wantsArc(settings) && hasArcFields(header),
    spf: wantsSpf(settings) && isIncoming && client.address !== undefined && isPublic(client.address),
    dmarc: wantsDmarc(settings) && isIncoming,
  }
  return wanted.dkim || wanted.arc || wanted.spf || wanted.dmarc ? wanted : undefined
}

/** Rejects never. */
export async function verifiedSignatures(
  mail: SignedMail,
  wanted: Wanted,
  services: MailServices,
): Promise<Signatures> {
  const {origin, envelopeSender, settings} = mail
  const {log} = services
  // Who verifies nothing loads nothing.
  const {limitedResolver} = await import('../checks/dns/resolver.ts')
  const timeoutMs = services.shareMs()
  const endAt = performance.now() + timeoutMs
  const limited = (most?: number) =>
    limitedResolver(services.resolve, Math.max(1, endAt - performance.now()), most)
  const [{signatures, arc, hasFailed}, spf] = await Promise.all([
    wanted.dkim || wanted.arc ? verifiedContent(mail, wanted, limited(), services) : NOTHING,
    wanted.spf ? spfOf(mail, limited(MOST_SPF_QUESTIONS)) : undefined,
  ])
  const who = {from: origin.from, sender: origin.sender, envelopeSender}
  for (const signature of signatures)
    log.write(signature.result === 'pass' ? 1 : 2, verificationLine(signature, who))
  const reliable = reliableSignatures(signatures, settings)
  const isUndecided = hasFailed || signatures.some(({result}) => result === 'temperror')
  const dmarc = wanted.dmarc
    ? await dmarcOf(mail, reliable, spf, isUndecided, limited(MOST_DMARC_QUESTIONS))
    : undefined
  logResults({spf, arc, dmarc}, mail, wanted, services)
  const findings: Finding[] = []
  if (wanted.dkim && !hasFailed) findings.push({kind: 'signatures', signatures})
  findings.push(...reputationFindings(reliable, who, settings))
  if (spf || arc || dmarc) findings.push({kind: 'authentication', results: {spf, arc, dmarc}})
  return {findings, all: signatures, ofAuthors: authorSignatures(reliable, who)}
}

interface VerifiedContent {
  readonly signatures: readonly VerifiedSignature[]
  readonly arc: ArcResult | undefined
  /** nothing is known of the signatures */
  readonly hasFailed: boolean
}

const NOTHING: VerifiedContent = {signatures: [], arc: undefined, hasFailed: false}

async function verifiedContent(
  {content, header, settings}: SignedMail,
  wanted: Wanted,
  resolve: Resolve,
  {log}: MailServices,
): Promise<VerifiedContent> {
  const txt = (name: string) => resolve(name, 'TXT')
  try {
    const {verifyChained, verifySignatures} = await import('../checks/dkim/verify.ts')
    if (!wanted.arc) return {...NOTHING, signatures: await verifySignatures(content, header, txt)}
    const minimumBits = settings.number('$dkim_minimum_key_bits') ?? 0
    const {signatures, arc} = await verifyChained(content, header, txt, minimumBits)
    return {...NOTHING, signatures: wanted.dkim ? signatures : [], arc}
  } catch (error) {
    log.write(-1, `dkim: signatures could not be verified: ${(error as Error).message}`)
    return {...NOTHING, hasFailed: true}
  }
}

async function spfOf(
  {client, envelopeSender, settings}: SignedMail,
  resolve: Resolve,
): Promise<SpfResult | undefined> {
  if (client.address === undefined) return undefined
  const {evaluateSpf} = await import('../checks/authentication/spf.ts')
  const hostname = settings.string('$myhostname') ?? 'localhost'
  return evaluateSpf({client: client.address, helo: client.helo, envelopeSender, hostname}, resolve)
}

async function dmarcOf(
  {origin, header}: SignedMail,
  reliable: readonly VerifiedSignature[],
  spf: SpfResult | undefined,
  isUndecided: boolean,
  resolve: Resolve,
): Promise<DmarcResult | undefined> {
  const {evaluateDmarc} = await import('../checks/authentication/dmarc.ts')
  const fromFields = header.fields.filter(field => isNamed(field, 'from')).length
  const signers = reliable.map(({domain}) => domain)
  return evaluateDmarc({from: origin.from, fromFields, signers, spf, isUndecided}, resolve)
}

function logResults(
  {spf, arc, dmarc}: Authentication,
  {client, settings}: SignedMail,
  wanted: Wanted,
  {log}: MailServices,
): void {
  if (spf) log.write(2, `spf: ${spfText(spf)}, client ${client.address}`)
  else if (wantsSpf(settings) && !settings.flag('$originating'))
    log.write(2, `spf: not evaluated, the client is ${client.address ?? 'unknown'}`)
  if (arc) log.write(2, `arc: ${arcText(arc)}`)
  if (dmarc) log.write(2, `dmarc: ${dmarcText(dmarc)}`)
  else if (wanted.dmarc) log.write(2, 'dmarc: not evaluated, nothing is known of SPF')
}

function authorSignatures(
  reliable: readonly VerifiedSignature[],
  who: Parameters<typeof rolesOf>[1],
): readonly AuthorSignature[] {
  return reliable.flatMap(signature =>
    who.from.map(author => ({
      author,
      thirdParty: rolesOf(signature, {...who, from: [author]}).includes('Author')
        ? undefined
        : signature.domain,
    })),
  )
}
