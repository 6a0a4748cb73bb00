/**
 * checks/check — everything that is looked at in a configuration as a whole, in one list.
 *
 * The daemon's start and reload, `test-config` and `config check` all run it. Source: spec/config, Errors
 * and warnings, Values fixed up after the last file.
 */
import type {Machine} from '../language/machine.ts'
import type {Problem} from '../problem.ts'
import type {Scalar} from '../value.ts'
import {bankReferences, bankValues, unusedBanks} from './banks.ts'
import {categoryKeys} from './categories.ts'
import {authentication, clientLimits, encryption} from './clients.ts'
import {type Check, examined, type Remark} from './examined.ts'
import {constantTables, valueKinds} from './kinds.ts'
import {backscatter, forwarding, localDomains, originatingMail, quarantineFolder} from './mail.ts'
import {milters} from './milters.ts'
import {addressLists} from './networks.ts'
import {pendingSettings} from './pending.ts'
import {retiredSettings} from './retired.ts'
import {
  children,
  chroot,
  domainName,
  mailIdSize,
  protocols,
  socketPermissions,
  sockets,
  user,
} from './running.ts'
import {scanners, unusableScanners} from './scanners.ts'

/** What holds for every reader of a configuration. */
const ALWAYS: readonly Check[] = [
  valueKinds,
  constantTables,
  pendingSettings,
  retiredSettings,
  mailIdSize,
  addressLists,
  categoryKeys,
  bankValues,
  milters,
]
/** What a daemon needs to run, and what would become of mail. */
const FOR_A_DAEMON: readonly Check[] = [
  chroot,
  protocols,
  sockets,
  socketPermissions,
  encryption,
  authentication,
  clientLimits,
  children,
  user,
  domainName,
  bankReferences,
  unusedBanks,
  forwarding,
  backscatter,
  originatingMail,
  localDomains,
  quarantineFolder,
  scanners,
  unusableScanners,
]

export interface Checked {
  readonly errors: readonly Problem[]
  readonly warnings: readonly Problem[]
  readonly hints: readonly Problem[]
}

/** @param daemon whether the checks for a daemon are wanted, too */
export function checkSettings(
  {machine, retired}: {readonly machine: Machine; readonly retired: ReadonlyMap<string, Scalar>},
  daemon: boolean,
): Checked {
  const config = examined(machine, retired)
  const remarks = [...ALWAYS, ...(daemon ? FOR_A_DAEMON : [])].flatMap(check => [...check(config)])
  const of = (level: Remark['level']): readonly Problem[] =>
    remarks.filter(remark => remark.level === level).map(({level: _, ...problem}) => problem)
  return {errors: of('error'), warnings: of('warning'), hints: of('hint')}
}
