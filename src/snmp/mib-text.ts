/**
 * mib-text — the MIB module, from the table of objects (RFC 2578).
 *
 * The way to our subtree is written out from `iso` on, so that tools find it on machines that lack the modules
 * of the IETF, as Debian does.
 */
import {type MibObject, OBJECTS, ROOT} from './objects.ts'

const REVISION = '202611220000Z'

/** Groups have names of ours: number below the root, name, what is in it. */
const NODES: readonly (readonly [arcs: string, name: string])[] = [
  ['1', 'amavisStatistics'],
  ['1.1', 'amavisSystem'],
  ['1.2', 'amavisInMsgs'],
  ['1.3', 'amavisInMsgsSize'],
  ['1.4', 'amavisInMsgsRecips'],
  ['1.5', 'amavisInMsgsBounce'],
  ['1.6', 'amavisOutMsgs'],
  ['1.7', 'amavisOutMsgsSize'],
  ['1.8', 'amavisQuarMsgs'],
  ['1.9', 'amavisQuarMsgsSize'],
  ['1.10', 'amavisContent'],
  ['1.10.1', 'amavisContentClean'],
  ['1.10.2', 'amavisContentMtaFailed'],
  ['1.10.3', 'amavisContentOversized'],
  ['1.10.4', 'amavisContentBadHdr'],
  ['1.10.5', 'amavisContentSpammy'],
  ['1.10.6', 'amavisContentSpam'],
  ['1.10.7', 'amavisContentUnchecked'],
  ['1.10.8', 'amavisContentBanned'],
  ['1.10.9', 'amavisContentVirus'],
  ['1.11', 'amavisCacheAndConnections'],
  ['1.12', 'amavisOperations'],
  ['1.13', 'amavisPenPals'],
  ['1.14', 'amavisSqlAddresses'],
  ['1.15', 'amavisLog'],
  ['1.16', 'amavisTimeElapsed'],
  ['1.17', 'amavisUserCounters'],
  ['1.18', 'amavisUserGauges'],
  ['1.19', 'amavisStatusAccepted'],
  ['1.20', 'amavisStatusRelayedUntagged'],
  ['1.21', 'amavisStatusRelayedTagged'],
  ['1.22', 'amavisStatusDiscarded'],
  ['1.23', 'amavisStatusNoBounce'],
  ['1.24', 'amavisStatusBounced'],
  ['1.25', 'amavisStatusRejected'],
  ['1.26', 'amavisStatusTempFailed'],
  ['2', 'amavisProcesses'],
  ['2.1', 'amavisProcessStates'],
  ['2.2', 'amavisProcessAges'],
  ['3', 'amavisMta'],
  ['3.1', 'amavisMtaQueues'],
]

export function mibText(): string {
  const nodes = new Map(NODES.map(([arcs, name]) => [arcs, name]))
  const parts = [
    head(),
    ...NODES.map(([arcs, name]) => {
      const at = arcs.lastIndexOf('.')
      const parent = at < 0 ? 'amavisSnmp' : nodes.get(arcs.slice(0, at))
      return `${name} OBJECT IDENTIFIER ::= { ${parent} ${arcs.slice(at + 1)} }\n`
    }),
    '\n',
    ...OBJECTS.map(object => objectText(object, nodes)),
    conformance(),
    'END\n',
  ]
  return parts.join('')
}

function head(): string {
  const names = ['iso', 'org(3)', 'dod(6)', 'internet(1)', 'private(4)', 'enterprises(1)', '15312', '2']
  return `AMAVIS-MIB DEFINITIONS ::= BEGIN

-- Made by amavis from its table of objects.

IMPORTS
    MODULE-IDENTITY, OBJECT-TYPE, Counter32, Counter64, Gauge32, Integer32, TimeTicks
        FROM SNMPv2-SMI
    DisplayString, TimeInterval
        FROM SNMPv2-TC
    MODULE-COMPLIANCE, OBJECT-GROUP
        FROM SNMPv2-CONF;

amavisSnmp MODULE-IDENTITY
    LAST-UPDATED "${REVISION}"
    ORGANIZATION "amavis"
    CONTACT-INFO "the host's administrator; see sysContact of this module"
    DESCRIPTION "Counters and states of the mail content filter amavis."
    REVISION "${REVISION}"
    DESCRIPTION "${OBJECTS.length} objects, as amavis serves them."
    ::= { amavis ${ROOT.at(-1)} }

amavis OBJECT IDENTIFIER ::= { ${names.join(' ')} }

`
}

function objectText(
  {name, variable, oid, syntax, unit, doc}: MibObject,
  nodes: ReadonlyMap<string, string>,
): string {
  const arcs = oid.slice(ROOT.length)
  const parent = nodes.get(arcs.slice(0, -1).join('.'))
  const hasUnits = /^(?:Counter|Gauge|TimeInterval)/.test(syntax) && unit !== 'free'
  return `${name} OBJECT-TYPE
    SYNTAX      ${syntax}
${hasUnits ? `    UNITS       "${unit}"\n` : ''}    MAX-ACCESS  read-only
    STATUS      current
    DESCRIPTION "${variable}: ${doc.replaceAll('"', "'")}"
    ::= { ${parent} ${arcs.at(-1)} }

`
}

/** As smilint wants it: every object is in a group, and every group in the compliance. */
function conformance(): string {
  const groups = [
    ['amavisStatisticsGroup', 1, 'statistics', 'Counters since the start of the daemon.'],
    ['amavisProcessesGroup', 2, 'processes', 'What the children of the daemon do.'],
    ['amavisQueuesGroup', 3, 'queues', "Entries in the MTA's queues."],
  ] as const
  return `amavisConformance OBJECT IDENTIFIER ::= { amavisSnmp 99 }

${groups
  .map(
    ([name, arc, part, doc]) => `${name} OBJECT-GROUP
    OBJECTS {
        ${OBJECTS.filter(object => object.part === part)
          .map(object => object.name)
          .join(',\n        ')}
    }
    STATUS      current
    DESCRIPTION "${doc}"
    ::= { amavisConformance ${arc} }

`,
  )
  .join('')}amavisCompliance MODULE-COMPLIANCE
    STATUS      current
    DESCRIPTION "What an agent that serves this module has."
    MODULE
        MANDATORY-GROUPS { amavisStatisticsGroup, amavisProcessesGroup }
        GROUP       amavisQueuesGroup
        DESCRIPTION "Where the MTA's queues can be read."
    ::= { amavisConformance 4 }

`
}
