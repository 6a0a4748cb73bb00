/**
 * main-entry — the texts that log readers live on: the main entry of a mail, and those around it.
 *
 * Source: spec/daemon §2.8, spec/config §9.3–9.7: the default template, field for field. Controls in values
 * are made harmless where lines are written, not here. Pure.
 */

/** One mail's entry. Addresses are without angle brackets; undefined and empty values are left out. */
export interface MainEntry {
  /** recipients that get the mail, and what it is called for them: `CLEAN`; undefined: none does */
  readonly passed: EntryGroup | undefined
  /** recipients that do not get it */
  readonly blocked: EntryGroup | undefined
  /** `RelayedInbound`, `Quarantined` …, in order */
  readonly actions: readonly string[]
  readonly bankPath: string
  readonly originating: boolean
  readonly client: ClientText | undefined
  /** the oldest public address of the Received fields */
  readonly oldestAddress: string | undefined
  readonly sender: string
  readonly quarantine: readonly string[]
  /** the client's own queue id */
  readonly queueId: string | undefined
  /** with angle brackets */
  readonly messageId: string | undefined
  readonly resentMessageId: string | undefined
  readonly mailId: string
  readonly score: {readonly min: number; readonly max: number} | undefined
  /** octets */
  readonly size: number
  readonly partition: string
  /** queue ids of the next hops, or their answers where these have none; one for each delivery */
  readonly queuedAs: readonly string[]
  /** `selector:domain` */
  readonly dkimValid: readonly string[]
  readonly dkimAdded: readonly string[]
  readonly elapsedMs: number
}

export interface EntryGroup {
  readonly word: string
  readonly recipients: readonly string[]
}

export interface ClientText {
  readonly address: string
  readonly port: number | undefined
}

/** One line for recipients that get the mail, one for those that do not; usually one of them. */
export function mainLogLines(entry: MainEntry): string[] {
  const lines: string[] = []
  if (entry.passed) lines.push(line('Passed', entry.passed, entry))
  if (entry.blocked) lines.push(line('Blocked', entry.blocked, entry))
  return lines
}

function line(verb: 'Passed' | 'Blocked', {word, recipients}: EntryGroup, entry: MainEntry): string {
  const path = [
    entry.bankPath,
    entry.originating && entry.client ? 'LOCAL' : '',
    entry.client ? clientText(entry.client) : '',
    entry.oldestAddress === undefined ? '' : `[${entry.oldestAddress}]`,
  ]
  let text = `${verb} ${word} {${entry.actions.join(',')}},`
  for (const item of path) if (item !== '') text += ` ${item}`
  text += ` <${entry.sender}> -> ${recipientList(recipients)}`
  if (entry.quarantine.length > 0) text += `, quarantine: ${entry.quarantine.join(', ')}`
  if (entry.queueId) text += `, Queue-ID: ${entry.queueId}`
  if (entry.messageId) text += `, Message-ID: ${entry.messageId}`
  if (entry.resentMessageId) text += `, Resent-Message-ID: ${entry.resentMessageId}`
  if (entry.mailId !== '') text += `, mail_id: ${entry.mailId}`
  text += `, Hits: ${hitsText(entry.score)}, size: ${entry.size}`
  if (entry.partition !== '' && entry.partition !== '0') text += `, pt: ${entry.partition}`
  if (verb === 'Passed' && entry.queuedAs.length > 0) text += `, queued_as: ${entry.queuedAs.join('/')}`
  if (entry.dkimValid.length > 0) text += `, dkim_sd=${entry.dkimValid.join(',')}`
  if (entry.dkimAdded.length > 0) text += `, dkim_new=${entry.dkimAdded.join(',')}`
  return `${text}, ${Math.round(entry.elapsedMs)} ms`
}

/** `-` not scanned, `3.5`, or `3.5..4.5` where recipients differ by 0.1 or more. */
export function hitsText(score: MainEntry['score']): string {
  if (!score) return '-'
  const {min, max} = score
  return max - min < 0.1 ? scoreText(max) : `${scoreText(min)}..${scoreText(max)}`
}

/** One recipient's entry (spec/config §9.7). */
export interface RecipientEntry {
  readonly passed: boolean
  readonly word: string
  readonly sender: string
  readonly recipient: string
  readonly score: number | undefined
  readonly levels: {
    readonly tag: number | undefined
    readonly tag2: number | undefined
    readonly kill: number | undefined
  }
  readonly queuedAs: string | undefined
  /** the next hop's answer with code, shown where there is no queue id */
  readonly answer: string | undefined
  readonly local: boolean
  readonly reached: {readonly tag: boolean; readonly tag2: boolean; readonly kill: boolean}
}

export function recipientLogLine(entry: RecipientEntry): string {
  const {levels, reached, queuedAs, answer} = entry
  const score = entry.score === undefined ? undefined : {min: entry.score, max: entry.score}
  const level = (value: number | undefined) => scoreText(value ?? 0)
  const yes = (flag: boolean) => (flag ? 'Y' : '0')
  const next =
    queuedAs !== undefined ? `, queued_as: ${queuedAs}` : answer !== undefined ? `, fwd: ${answer}` : ''
  return (
    `${entry.passed ? 'Passed' : 'Blocked'} ${entry.word}, <${entry.sender}> -> <${entry.recipient}>` +
    `, Hits: ${hitsText(score)}, tag=${level(levels.tag)}, tag2=${level(levels.tag2)}, kill=${level(levels.kill)}` +
    `${next}, ${entry.local ? 'L' : '0'}/${yes(reached.tag)}/${yes(reached.tag2)}/${yes(reached.kill)}`
  )
}

/** Level 1, when checking begins: `Checking: g8b6GiznPrGP [127.0.0.1] <s> -> <r>`. */
export function checkingLine(mail: {
  readonly mailId: string
  readonly bankPath: string
  readonly clientAddress: string | undefined
  readonly sender: string
  readonly recipients: readonly string[]
}): string {
  const bank = mail.bankPath === '' ? '' : `${mail.bankPath} `
  const client = mail.clientAddress === undefined ? '' : `[${mail.clientAddress}] `
  return `Checking: ${mail.mailId} ${bank}${client}<${mail.sender}> -> ${recipientList(mail.recipients)}`
}

/** Level 1: a copy was stored on this machine. */
export function localDeliveryLine(sender: string, target: string, location: string): string {
  return `local delivery: <${sender}> -> ${target}, mbx=${location}`
}

function recipientList(addresses: readonly string[]): string {
  return addresses.map(address => `<${address}>`).join(',')
}

function clientText({address, port}: ClientText): string {
  return `[${address}]${port === undefined ? '' : `:${port}`}`
}

/** Three decimals at most, zeros trimmed: `-0.001`, `6.25`, `1000`. */
export function scoreText(score: number): string {
  return String(Number(score.toFixed(3)))
}
