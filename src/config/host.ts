/**
 * host — facts about this machine that configurations ask for, without running anything.
 *
 * `hostname --fqdn` asks the resolver for the canonical name; here it is the first name with a dot on
 * the /etc/hosts line that has the node name, as the resolver's usual order would find it.
 */
import {readFileSync} from 'node:fs'
import {hostname, machine, networkInterfaces, release, type, version} from 'node:os'
import type {HostFacts} from './request.ts'

export function hostFacts(read: (path: string) => string | undefined = readText): HostFacts {
  const node = hostname()
  const mailname = read('/etc/mailname')?.split('\n')[0]?.trim()
  const addresses = Object.values(networkInterfaces()).flatMap(found => found ?? [])
  return {
    hostname: node,
    fqdn: canonicalName(node, read('/etc/hosts') ?? ''),
    mailname: mailname || undefined,
    inet6: addresses.some(address => address.family === 'IPv6'),
  }
}

/** The name with a dot that stands beside the node name in a hosts file; the node name when there is none. */
export function canonicalName(node: string, hosts: string): string {
  if (node.includes('.')) return node
  for (const line of hosts.split('\n')) {
    const names = line.replace(/#.*/, '').trim().split(/\s+/).slice(1)
    const full = names.includes(node) ? names.find(name => name.includes('.')) : undefined
    if (full !== undefined) return full
  }
  return node
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** The output of the commands that shipped configurations run; undefined for any other. */
export function answerCommand(host: HostFacts, command: string): string | undefined {
  const words = command
    .replace(/\s+/g, ' ')
    .replace(/^(?:\/usr)?\/bin\//, '')
    .replace(/ 2>\s?\/dev\/null$/, '')
  if (/^hostname$/.test(words)) return `${host.hostname}\n`
  if (/^hostname (?:--fqdn|-f|--long)$/.test(words)) return `${host.fqdn}\n`
  if (/^(?:hostname (?:-s|--short))$/.test(words)) return `${host.hostname.split('.')[0]}\n`
  if (/^(?:head -n ?1|head -1|cat) \/etc\/mailname$/.test(words)) {
    return host.mailname === undefined ? '' : `${host.mailname}\n`
  }
  const letters = /^uname((?: -[asnrvmpio]+)*)$/.exec(words)?.[1]
  return letters === undefined ? undefined : `${unameText(letters, host)}\n`
}

/** What `uname` says of this machine, in its order, whatever the order of the letters. */
function unameText(letters: string, {hostname: node}: HostFacts): string {
  const wanted = letters === '' ? 's' : letters.includes('a') ? 'snrvmo' : letters
  const facts: readonly (readonly [letter: string, fact: string])[] = [
    ['s', type()],
    ['n', node],
    ['r', release()],
    ['v', version()],
    ['m', machine()],
    ['p', machine()],
    ['i', machine()],
    ['o', type() === 'Linux' ? 'GNU/Linux' : type()],
  ]
  return facts.flatMap(([letter, fact]) => (wanted.includes(letter) ? [fact] : [])).join(' ')
}
