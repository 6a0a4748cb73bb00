/**
 * older-names — names that counters had before 2.6.4, when the MIB was published, as far as documents and displays of
 * that time show them. The manual page is made from it.
 */
export interface OlderName {
  readonly older: string
  /** what to look for today, one or several counters; none for what is counted no more */
  readonly now: readonly string[]
  readonly doc: string
}

export const OLDER_NAMES: readonly OlderName[] = [
  {
    older: 'InMsgsRecipsInboundOrInt',
    now: ['InMsgsRecipsLocal'],
    doc: 'recipients in @local_domains_maps',
  },
  {
    older: 'ContentCleanMsgsInboundOrInt',
    now: ['ContentCleanMsgsInbound', 'ContentCleanMsgsInternal'],
    doc: 'clean mail to local recipients, now by where it comes from; a mail may be both',
  },
  {
    older: 'PenPalsHitsMidNullRPath',
    now: ['PenPalsHitsMid', 'PenPalsHitsnone'],
    doc: 'answers without a return path, not counted by themselves any more',
  },
]
