/**
 * checks/mail — what a configuration would do with mail, where that is hardly what was meant.
 */
import {DESTINY} from '../category.ts'
import {textOf} from '../language/convert.ts'
import {isTrue} from '../number.ts'
import {SETTINGS} from '../table/table.ts'
import type {Scalar} from '../value.ts'
import {banksOf, type Examined, hashAt, type Level, type Remark, texts} from './examined.ts'
import {listeners} from './running.ts'

/** Mail that is accepted has to go somewhere, and not back to us. */
export function* forwarding(config: Examined): Iterable<Remark> {
  if (config.isLost('$forward_method', '%forward_method_maps_by_ccat', '@forward_method_maps', '$protocol'))
    return
  const specs = listeners(config)
  const ports = new Set(specs.flatMap(spec => (spec.kind === 'inet' ? [spec.port] : [])))
  const told = new Set<string>()
  for (const spec of specs) {
    const names = spec.kind === 'unix' ? [spec.path, 'SOCK'] : [`${spec.host}:${spec.port}`, `${spec.port}`]
    const bank =
      names.map(name => textOf(config.hash('%interface_policy').get(name))).find(name => name !== '') ?? ''
    const entries = bank === '' ? undefined : hashAt(config.hash('%policy_bank').get(bank))?.entries
    const value = (key: string): Scalar => (entries?.has(key) ? entries.get(key) : config.scalar(`$${key}`))
    const inBank = entries && config.entryAt(entries, 'forward_method')
    const at = entries?.has('forward_method') ? inBank : config.at('$forward_method')
    const where = bank === '' ? '$forward_method' : `policy bank "${bank}", forward_method`
    if (told.has(where) || entries?.has('forward_method_maps')) continue
    const methods = texts(value('forward_method'))
    const protocol = (texts(value('protocol'))[0] ?? '').toUpperCase()
    const delivers = protocol === 'AM.PDP' || protocol === 'MILTER'
    if (methods.length === 0 && delivers && isTrue(value('reinject_different_copies'))) {
      told.add(where)
      const message = `${where} is empty: mail whose recipients need different copies would go nowhere, it is deferred`
      const help = 'set it to a port of your MTA that has no milter, or unset $reinject_different_copies'
      yield {level: 'warning', at, message, help}
    }
    if (
      methods.length === 0 &&
      protocol !== 'AM.PDP' &&
      protocol !== 'MILTER' &&
      protocol !== 'TCP-LOOKUP' &&
      spec.kind === 'inet'
    ) {
      told.add(where)
      const message = `${where} is empty: mail that comes in by SMTP would go nowhere, it is deferred`
      yield {level: 'warning', at, message, help: "set it to your MTA, such as 'smtp:[127.0.0.1]:10025'"}
    }
    for (const method of methods) {
      const port = /^[sl]mtp:(?:\[?(?:127\.0\.0\.1|::1|localhost)\]?):(\d+)/i.exec(method)?.[1]
      if (port === undefined || !ports.has(Number(port))) continue
      told.add(where)
      const message = `${where}: ${method} is a socket that we listen on ourselves, mail would go round in a loop`
      yield {level: 'warning', at, message, help: 'name the port on which your MTA takes mail back'}
    }
  }
}

/** Senders of viruses and spam are forged; of other blocked mail they often are. */
const BOUNCES: readonly (readonly [string, Level])[] = [
  ['final_virus_destiny', 'warning'],
  ['final_spam_destiny', 'warning'],
  ['final_banned_destiny', 'hint'],
  ['final_bad_header_destiny', 'hint'],
  ['final_unchecked_destiny', 'hint'],
]

/** A bounce to a sender who is forged hits a bystander. */
export function* backscatter(config: Examined): Iterable<Remark> {
  const remark = (level: Level, where: string, at: Remark['at']): Remark => ({
    level,
    at,
    message: `${where} is D_BOUNCE: the notices go to senders who are mostly forged (backscatter)`,
    help: 'D_REJECT where mail is checked before it is queued, else D_DISCARD with a quarantine, or D_PASS',
  })
  const isBounce = (value: Scalar) =>
    value !== undefined && typeof value !== 'object' && Number(textOf(value)) === DESTINY.BOUNCE
  for (const [key, level] of BOUNCES) {
    if (config.isSet(`$${key}`) && isBounce(config.scalar(`$${key}`)))
      yield remark(level, `$${key}`, config.at(`$${key}`))
    for (const [bank, entries] of banksOf(config)) {
      // our own users' addresses are not forged
      if (!isBounce(entries.get(key)) || isTrue(entries.get('originating')) || bank === 'MYNETS') continue
      yield remark(level, `policy bank "${bank}", ${key}`, config.entryAt(entries, key))
    }
  }
}

/** Networks of our own mean something only by a bank. */
export function* originatingMail(config: Examined): Iterable<Remark> {
  if (!config.isSet('@mynetworks') || config.isLost('%policy_bank') || config.isSet('@client_ipaddr_policy'))
    return
  if (config.hash('%policy_bank').has('MYNETS') || isTrue(config.scalar('$originating'))) return
  yield {
    level: 'hint',
    at: config.at('@mynetworks'),
    message:
      '@mynetworks is set, and there is no policy bank MYNETS: mail from there does not count as originating',
    help: "add $policy_bank{'MYNETS'} = { originating => 1 };",
  }
}

/** Which recipients are ours decides what is inbound. */
export function* localDomains(config: Examined): Iterable<Remark> {
  const tables = ['%local_domains', '@local_domains_acl', '$local_domains_re', '@local_domains_maps']
  if (tables.some(name => config.isSet(name)) || config.isLost(...tables)) return
  yield {
    level: 'hint',
    at: undefined,
    message:
      'no local domains are known: no mail counts as inbound, and none gets a spam header or a subject tag',
    help: 'set @local_domains_maps',
  }
}

export function* quarantineFolder(config: Examined): Iterable<Remark> {
  if (config.text('$QUARANTINEDIR') !== '' || config.isLost('$QUARANTINEDIR')) return
  const local = SETTINGS.filter(({name}) => name.endsWith('_quarantine_method')).filter(
    ({name}) => config.isSet(name) && config.text(name).startsWith('local:'),
  )
  const first = local[0]
  if (!first) return
  const message = `${first.name} is "${config.text(first.name)}", and there is no $QUARANTINEDIR: nothing is kept`
  yield {level: 'hint', at: config.at(first.name), message, help: 'set $QUARANTINEDIR'}
}
