/**
 * names — the series of a dashboard, and the counters that they are made from. Pure.
 */

/** Growth of counters, a minute. */
export const RATES = {
  mails: ['InMsgs'],
  clean: ['ContentCleanMsgs'],
  spam: ['ContentSpamMsgs', 'ContentSpammyMsgs'],
  virus: ['ContentVirusMsgs'],
  banned: ['ContentBannedMsgs'],
  other: [
    'ContentBadHdrMsgs',
    'ContentUncheckedMsgs',
    'ContentOversizedMsgs',
    'ContentMtaFailedMsgs',
    'ContentCatchAllMsgs',
  ],
  deferred: ['InMsgsStatusTempFailed'],
  refused: ['InMsgsStatusRejected'],
  timeouts: ['FailureTimeout'],
  protocol: ['FailureProtocol'],
  storage: ['FailureStorage'],
  internal: ['FailureInternal'],
} as const

/** kB in a minute. */
export const SIZES = {size: ['InMsgsSize']} as const

/** ms a mail, of those that ended. */
export const TIMES = {
  total: 'TimeElapsedTotal',
  receiving: 'TimeElapsedReceiving',
  decoding: 'TimeElapsedDecoding',
  'virus check': 'TimeElapsedVirusCheck',
  'spam check': 'TimeElapsedSpamCheck',
  sending: 'TimeElapsedSending',
} as const

/** As they stand. */
export const GAUGES = {
  maildrop: 'MtaQueueEntriesMaildrop',
  incoming: 'MtaQueueEntriesIncoming',
  active: 'MtaQueueEntriesActive',
  'deferred queue': 'MtaQueueEntriesDeferred',
} as const

export type SeriesName =
  | keyof typeof RATES
  | keyof typeof SIZES
  | keyof typeof TIMES
  | keyof typeof GAUGES
  | 'busy'
  | 'children'

export const SERIES: readonly SeriesName[] = [
  ...(Object.keys(RATES) as (keyof typeof RATES)[]),
  ...(Object.keys(SIZES) as (keyof typeof SIZES)[]),
  ...(Object.keys(TIMES) as (keyof typeof TIMES)[]),
  ...(Object.keys(GAUGES) as (keyof typeof GAUGES)[]),
  'busy',
  'children',
]
