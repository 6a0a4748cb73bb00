/**
 * objects — which counters SNMP shows, under which numbers and names.
 *
 * 331 scalars below 1.3.6.1.4.1.15312.2.1, each with the one instance 0: statistics under 1, processes under 2,
 * the MTA's queues under 3. Some counters stand under two numbers. What varies with the mail (names of viruses,
 * systems, decoders) has none. Source: spec/monitoring §5 and §6.
 */
import {DIRECTIONS} from '../bus/counters/definition.ts'
import {QUEUES} from '../bus/counters/queues.ts'
import {COUNTERS} from '../bus/counters/table.ts'
import type {Oid} from './oid.ts'

/** What all of it stands under. */
export const ROOT: Oid = [1, 3, 6, 1, 4, 1, 15312, 2, 1]

export type Syntax =
  | 'Counter32'
  | 'Counter64'
  | 'Gauge32'
  | 'Integer32'
  | 'TimeTicks'
  /** hundredths of a second, an INTEGER on the wire */
  | 'TimeInterval'
  | 'DisplayString'
  | 'OBJECT IDENTIFIER'

/** Where the values of a part come from: one thing may fail or be old without the others. */
export type Part = 'statistics' | 'processes' | 'queues'

export interface MibObject {
  /** the counter's name on the bus */
  readonly variable: string
  /** its name in the MIB */
  readonly name: string
  /** without the instance */
  readonly oid: Oid
  readonly syntax: Syntax
  readonly part: Part
  readonly unit: string
  readonly doc: string
}

/** The subtrees that are registered with a master agent. */
export const SUBTREES: readonly Oid[] = [[1], [2], [3, 1, 1], [3, 1, 2], [3, 1, 3], [3, 1, 4]].map(arcs => [
  ...ROOT,
  ...arcs,
])

const directed = (stem: string) => ['', ...DIRECTIONS.map(({suffix}) => suffix)].map(suffix => stem + suffix)
const each = (stem: string, ends: string) => ends.split(' ').map(end => stem + end)

const CATEGORIES = 'Clean MtaFailed Oversized BadHdr Spammy Spam Unchecked Banned Virus'
const SENT = [
  '',
  'Relay',
  'Submit',
  ...each('Submit', 'Quar Dsn Notif AV Arf'),
  ...each('Proto', 'Local SMTP LMTP BSMTP Pipe SQL').flatMap(by => [by, `${by}Relay`, `${by}Submit`]),
]

/** Where a group stands, and the counters in it from 1 on. */
const GROUPS: readonly (readonly [at: Oid, variables: readonly string[]])[] = [
  [[1, 1], each('sys', 'Descr ObjectID UpTime Contact Name Location Services')],
  [
    [1, 2],
    [
      ...directed('InMsgs'),
      ...each('InMsgsStatus', 'Accepted Relayed Discarded NoBounce Bounced Rejected TempFailed'),
    ],
  ],
  [[1, 3], directed('InMsgsSize')],
  [
    [1, 4],
    [...directed('InMsgsRecips'), 'InMsgsRecipsLocal'],
  ],
  [
    [1, 5],
    [
      'InMsgsBounce',
      ...each('InMsgsBounce', 'NullRPath Killed Unverifiable'),
      ...each('InMsgsBounceRescuedBy', 'Domain Originating PenPals'),
    ],
  ],
  [
    [1, 6],
    [...SENT.map(end => `OutMsgs${end}`), ...each('OutMsgs', 'Delivers AttemptFails Rejects')],
  ],
  [[1, 7], SENT.map(end => `OutMsgsSize${end}`)],
  [
    [1, 8],
    ['QuarMsgs', ...each('QuarMsgs', `Arch ${CATEGORIES}`), ...each('QuarAttempt', 'TempFails Fails')],
  ],
  [
    [1, 9],
    ['QuarMsgsSize', ...each('QuarMsgsSize', `Arch ${CATEGORIES}`)],
  ],
  ...each('Content', CATEGORIES).map((content, n): [Oid, readonly string[]] => [
    [1, 10, n + 1],
    directed(`${content}Msgs`),
  ]),
  [
    [1, 11],
    [
      ...each('Cache', 'Attempts Misses Hits HitsVirusCheck HitsVirusMsgs'),
      ...each('OutConn', 'New Quit Transact ReuseFail ReuseRecent ReuseRefreshed'),
    ],
  ],
  [[1, 12], each('Ops', 'Dec SpamCheck VirusCheck')],
  [
    [1, 13],
    [
      ...each('PenPals', 'Attempts AttemptsRid AttemptsMid Misses Hits HitsRid HitsMid HitsMidRid'),
      ...each('PenPalsSavedFrom', 'Tag2 Tag3 Kill'),
    ],
  ],
  [
    [1, 14],
    [...each('SqlAddrSender', 'Attempts Misses Hits'), ...each('SqlAddrRecip', 'Attempts Misses Hits')],
  ],
  [
    [1, 15],
    [
      'LogEntries',
      ...each('LogEntries', 'Emerg Alert Crit Err Warning Notice Info Debug'),
      ...each('LogEntriesLevel', '0 1 2 3 4 5'),
      'LogLines',
      'LogRetries',
    ],
  ],
  [[1, 16], each('TimeElapsed', 'Total Receiving Sending Decoding PenPals VirusCheck SpamCheck')],
  [[1, 17], each('UserCounter', '1 2 3 4 5 6 7 8 9 10')],
  [[1, 18], each('UserGauge', '1 2 3 4 5 6 7 8 9 10')],
  ...each(
    'InMsgsStatus',
    'Accepted RelayedUntagged RelayedTagged Discarded NoBounce Bounced Rejected TempFailed',
  ).map((status, n): [Oid, readonly string[]] => [[1, 19 + n], directed(status)]),
  [
    [2, 1],
    [...each('Proc', 'Gone All Idle Busy'), ...each('ProcBusy', 'Transfer Decode Virus Spam Other')],
  ],
  [[2, 2], Array.from({length: 22}, (_, n) => `ProcBusy${n}`)],
  [[3, 1], QUEUES.map(queue => `MtaQueueEntries${queue[0]!.toUpperCase()}${queue.slice(1)}`)],
]

/** Names of ProcBusy1 and on: the least age of the tasks that are counted. */
const BUSY_AGES = '01s 02s 05s 1s 2s 4s 8s 15s 30s 1m 2m 4m 8m 15m 30m 1h 2h 4h 8h 15h 30h'.split(' ')
const PARTS: readonly Part[] = ['statistics', 'processes', 'queues']

function makeObjects(): readonly MibObject[] {
  const counters = new Map(COUNTERS.map(counter => [counter.name, counter]))
  return GROUPS.flatMap(([at, variables]) =>
    variables.map((variable, n): MibObject => {
      const {type, doc, unit} = counters.get(variable)!
      const isElapsed = variable.startsWith('TimeElapsed')
      return {
        variable,
        name: objectName(variable, at),
        oid: [...ROOT, ...at, n + 1],
        syntax: isElapsed ? 'TimeInterval' : variable === 'sysUpTime' ? 'TimeTicks' : SYNTAXES[type],
        part: PARTS[at[0]! - 1]!,
        unit: isElapsed || variable === 'sysUpTime' ? '1/100 seconds' : unit,
        doc,
      }
    }),
  )
}

const SYNTAXES = {
  C32: 'Counter32',
  C64: 'Counter64',
  G32: 'Gauge32',
  INT: 'Integer32',
  STR: 'DisplayString',
  OID: 'OBJECT IDENTIFIER',
  TIM: 'TimeTicks',
} as const

/** The variable's name beginning with a small letter, but for the exceptions of spec/monitoring §5. */
function objectName(variable: string, at: Oid): string {
  const quarantined = /^QuarMsgs(Size)?(.+)$/.exec(variable)
  if (quarantined && variable !== 'QuarMsgsSize') return `quar${quarantined[2]}Msgs${quarantined[1] ?? ''}`
  const age = BUSY_AGES[Number(/^ProcBusy(\d+)$/.exec(variable)?.[1]) - 1]
  if (age !== undefined) return `procBusy${age}`
  const isSum = at[0] === 1 && at[1]! >= 19 && !DIRECTIONS.some(({suffix}) => variable.endsWith(suffix))
  return variable[0]!.toLowerCase() + variable.slice(1) + (isSum ? 'All' : '')
}

/** In the order of their numbers. */
export const OBJECTS: readonly MibObject[] = makeObjects()
