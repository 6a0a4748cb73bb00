/**
 * bases — which counter another one is a share of. First match wins. Pure.
 *
 * Source: spec/monitoring §5.1, "Bases".
 */

interface Rule {
  readonly name: RegExp
  /** with `$1` of the match in it */
  readonly base: string
  readonly kind?: 'size' | 'time'
}

const RULES: readonly Rule[] = [
  {name: /^CacheHits(Virus|Banned|Spam)Msgs$/, base: 'Content$1Msgs'},
  {name: /^Cache/, base: 'CacheAttempts'},
  {name: /^Content[A-Za-z]+?Msgs(.*)$/, base: 'InMsgs$1'},
  {name: /^Content/, base: 'InMsgs'},
  {name: /^OpsSql/, base: 'InMsgsRecips'},
  {name: /^InMsgsSize/, base: 'InMsgsSize', kind: 'size'},
  {name: /^InMsgsRecipsLocal$/, base: 'InMsgsRecips'},
  {name: /^InMsgsRecips(.*)$/, base: 'InMsgs$1'},
  {name: /^InMsgsBounce.+$/, base: 'InMsgsBounce'},
  {name: /^(?:InMsgs|Ops)/, base: 'InMsgs'},
  {name: /^OutMsgsSize$/, base: 'InMsgsSize', kind: 'size'},
  {name: /^OutMsgsSize/, base: 'OutMsgsSize', kind: 'size'},
  {name: /^OutMsgs$/, base: 'InMsgs'},
  {name: /^Out/, base: 'OutMsgs'},
  {name: /^QuarMsgsSize$/, base: 'InMsgsSize', kind: 'size'},
  {name: /^QuarMsgsSize/, base: 'QuarMsgsSize', kind: 'size'},
  {name: /^Quar/, base: 'QuarMsgs'},
  {name: /^LogEntries$/, base: 'InMsgs'},
  {name: /^Log/, base: 'LogEntries'},
  {name: /^GenMailIdRetries$/, base: 'InMsgs'},
  {name: /^PenPalsAttempts$/, base: 'InMsgsRecipsLocal'},
  {name: /^PenPalsHits$/, base: 'PenPalsAttempts'},
  {name: /^PenPalsHits/, base: 'PenPalsHits'},
  {name: /^PenPals/, base: 'PenPalsAttempts'},
  {name: /^SqlAddrSenderAttempts$/, base: 'InMsgs'},
  {name: /^SqlAddrSender/, base: 'SqlAddrSenderAttempts'},
  {name: /^SqlAddrRecipAttempts$/, base: 'InMsgsRecips'},
  {name: /^SqlAddrRecip/, base: 'SqlAddrRecipAttempts'},
  {name: /^banned\.byOS/, base: 'InMsgs'},
  {name: /^TimeElapsed/i, base: 'InMsgs', kind: 'time'},
]

export interface Base {
  /** '' when no rule gives one */
  readonly base: string
  readonly kind: 'count' | 'size' | 'time'
}

/** What a counter is compared with, and what it measures. */
export function baseOf(name: string): Base {
  for (const rule of RULES) {
    const match = rule.name.exec(name)
    if (match) return {base: rule.base.replace('$1', match[1] ?? ''), kind: rule.kind ?? 'count'}
  }
  return {base: '', kind: 'count'}
}
