/**
 * health — whether the program is well, and whether it can take mail, as one reason in words each. Pure.
 */

export interface Observed {
  /** whether the snmp-responder answered */
  readonly answered: boolean
  /** ms since childproc-minder last reported; undefined: never heard */
  readonly reportAgeMs: number | undefined
  /** children that childproc-minder knows of; undefined: not told */
  readonly children: number | undefined
}

/** It reports every two seconds. */
const LATE_MS = 10_000

/** What is wrong with the bus and its services; undefined: nothing. */
export function healthProblem({answered, reportAgeMs}: Observed): string | undefined {
  if (!answered) return 'no answer from snmp-responder'
  if (reportAgeMs === undefined) return 'nothing heard of childproc-minder yet'
  if (reportAgeMs > LATE_MS) return `no report of childproc-minder for ${Math.round(reportAgeMs / 1000)} s`
  return undefined
}

/** Why no mail can be taken; undefined: it can. */
export function readinessProblem(observed: Observed): string | undefined {
  const problem = healthProblem(observed)
  if (problem !== undefined) return problem
  return (observed.children ?? 0) > 0 ? undefined : 'the daemon has no children'
}
