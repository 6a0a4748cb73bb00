/**
 * correspondence — the stages that weigh a mail by what our users wrote before: bounces and pen pals.
 *
 * Most mail is neither looked at here nor loads what does so.
 */
import type {Bounce} from '../checks/bounce.ts'
import type {Finding} from '../checks/finding.ts'
import type {Settings} from '../config/settings.ts'
import type {Header, MimeTree} from '../message/message.ts'
import type {Origin} from '../message/origin.ts'
import type {Transaction} from '../session/transaction.ts'
import {pointsFor} from '../verdict/points.ts'
import {isListed} from '../verdict/policy.ts'
import type {MailServices} from './services.ts'

export interface Correspondence {
  readonly mail: Transaction
  readonly header: Header
  readonly origin: Origin
  readonly settings: Settings
  readonly bounce: Bounce | undefined
  /** as `weighVirusNames` gives them */
  readonly findings: readonly Finding[]
}

export function looksAtBounces(settings: Settings): boolean {
  return (settings.number('$bounce_killer_score') ?? 0) > 0
}

export function asksPenPals(settings: Settings, {penPals}: Pick<MailServices, 'penPals'>): boolean {
  return penPals !== undefined && (settings.number('$penpals_bonus_score') ?? 0) > 0
}

/** In points: a bounce that is to be killed with more is not worth a scan (spec/daemon, Bounce inspection and killer). */
const CERTAIN_DEATH = 20

/**
 * Whether the bounce is to be weighed before the spam scan, as it may make that needless. Only one that says what it
 * returns: whether pen pals are asked about other mail depends on its points.
 */
export function isWeighedFirst(
  bounce: Bounce | undefined,
  settings: Settings,
  services: Pick<MailServices, 'penPals'>,
): boolean {
  return (
    bounce?.messageId !== undefined &&
    (settings.number('$bounce_killer_score') ?? 0) > CERTAIN_DEATH &&
    asksPenPals(settings, services)
  )
}

/** What the mail returns; undefined: it is no bounce, or does not say. */
export async function bounceIn(
  {envelope}: Transaction,
  header: Header,
  tree: MimeTree,
  origin: Origin,
): Promise<Bounce | undefined> {
  const {inspectBounce} = await import('../checks/bounce.ts')
  return inspectBounce({header, tree, envelopeSender: envelope.sender, origin})
}

/** Whether a bounce is killed, whatever else the mail is. */
export function isKilled(findings: readonly Finding[]): boolean {
  return findings.some(finding => finding.kind === 'points' && finding.test.name === KILLED)
}

const KILLED = 'AM.BOUNCE'

/** Points off for pen pals, and points for bounces of what nobody here has sent. */
export async function weighCorrespondence(
  known: Correspondence,
  services: MailServices,
): Promise<readonly Finding[]> {
  const {settings, findings} = known
  const hits = asksPenPals(settings, services) ? await askStore(known, services) : []
  const points = hits.map(({finding}) => finding)
  if (!looksAtBounces(settings)) return points
  const ages = hits.map(({ageMs}) => ageMs)
  return [...points, ...(await weighBounce(known, ages, [...findings, ...points], services))]
}

async function askStore(
  {mail, header, origin, settings, bounce, findings}: Correspondence,
  {penPals, log, count}: MailServices,
) {
  if (!penPals) return []
  const [{askPenPals}, {referencesOf}] = await Promise.all([
    import('../checks/pen-pals.ts'),
    import('../checks/bounce.ts'),
  ])
  const {envelope} = mail
  return askPenPals(
    {
      envelope,
      settings,
      messageIds: referencesOf(header, bounce),
      subject: origin.subject ?? '',
      isKnownBounce: bounce?.messageId !== undefined,
      isInfected: findings.some(({kind}) => kind === 'virus'),
      scores: envelope.recipients.map((_, index) => pointsFor(findings, index).score ?? 0),
      isLocal: address => isListed(settings, '@local_domains_maps', address),
    },
    penPals,
    {log, count},
  )
}

async function weighBounce(
  {mail, origin, settings, bounce}: Correspondence,
  ages: readonly number[],
  findings: readonly Finding[],
  {penPals, log, count}: MailServices,
): Promise<readonly Finding[]> {
  const {bounceKillerScore, bounceLine, judgeBounce} = await import('../checks/bounce-killer.ts')
  const {envelope} = mail
  if (!bounce) {
    if (!looksAutomatic(origin, envelope.sender, findings)) return []
    count('InMsgsBounce')
    count('InMsgsBounceUnverifiable')
    log.write(2, bounceLine({kind: 'unverifiable'}, undefined, envelope))
    return []
  }
  const verdict = judgeBounce(
    {
      bounce,
      settings,
      isLocal: address => isListed(settings, '@local_domains_maps', address),
      hasPenPals: asksPenPals(settings, {penPals}),
    },
    ages,
  )
  count('InMsgsBounce')
  if (verdict.kind === 'killed') count('InMsgsBounceKilled')
  if (verdict.kind === 'rescued') count(`InMsgsBounceRescuedBy${RESCUES[verdict.by]}`)
  log.write(2, bounceLine(verdict, bounce, envelope))
  if (verdict.kind !== 'killed') return []
  return [{kind: 'points', test: {name: KILLED, score: bounceKillerScore(settings)}}]
}

const RESCUES = {'pen pals': 'PenPals', originating: 'Originating', domain: 'Domain'} as const

/** Made by a program, or SpamAssassin takes it for a bounce. */
function looksAutomatic({isAuto}: Origin, sender: string, findings: readonly Finding[]): boolean {
  return (
    isAuto ||
    /^postmaster(?:@|$)/i.test(sender) ||
    findings.some(
      finding =>
        finding.kind === 'spam' && finding.report.tests.some(({name}) => name === 'ANY_BOUNCE_MESSAGE'),
    )
  )
}
