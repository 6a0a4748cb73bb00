/**
 * config-reader — reads the configuration, checks it as the daemon's user, and makes the master's plan.
 *
 * Runs in a process of its own. As root it first reads the files, which say who the daemon's user is, and
 * then becomes that user to see whether the daemon will be able to run: our Node, our program files, the
 * configuration files again at a reload, the folders.
 */
import {accessSync, constants, existsSync, statSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import v8 from 'node:v8'
import {checkConfigFile} from '../config/file-check.ts'
import {defaultFiles, loadConfiguration} from '../config/load.ts'
import {type Problem, problemText} from '../config/problem.ts'
import {isLocalOnly, type SocketSpec, socketKey} from '../config/socket-spec.ts'
import {settingsOf} from '../config/view.ts'
import {errorText} from '../errors.ts'
import {hooksProblem} from '../pipeline/hooks/load.ts'
import {dropPrivileges, findUser, type RunAs} from '../process/privileges.ts'
import {entryFile} from '../process/program-file.ts'
import type {ReaderResult} from './messages.ts'
import type {DaemonOptions} from './options.ts'
import {makePlan, type Plan} from './plan.ts'

/**
 * Read, check and plan. As root, this process is the daemon's user afterwards.
 * @param inspect read and plan only
 */
export function readAsDaemon(options: DaemonOptions, inspect = false): ReaderResult {
  const loaded = loadConfiguration({
    files: options.files.length > 0 ? options.files : defaultFiles(),
    instance: options.instance,
    overrides: options.overrides,
    daemon: !inspect,
  })
  if (loaded.kind === 'failed') return {kind: 'failed', problems: loaded.problems.map(problemText)}
  const {snapshot} = loaded
  const made = makePlan(snapshot, settingsOf(snapshot), {debug: options.mode === 'debug'})
  if (made.kind === 'failed') return made

  if (inspect)
    return {kind: 'ok', plan: made.plan, runAs: undefined, snapshot: v8.serialize(snapshot), warnings: []}
  const warnings = loaded.warnings.map((problem: Problem) => problemText(problem))
  const plan = withoutMissingIpv6(made.plan, warnings)
  let runAs: RunAs | undefined
  try {
    runAs = chooseUser(plan, options, warnings)
    if (runAs) dropPrivileges(runAs)
  } catch (error) {
    return {kind: 'failed', problems: [errorText(error)]}
  }
  const problems = [...accessProblems(plan, runAs), ...ownershipProblems(plan, options, runAs)]
  if (problems.length > 0) return {kind: 'failed', problems}
  return {kind: 'ok', plan, runAs, snapshot: v8.serialize(snapshot), warnings}
}

/**
 * Who the daemon is to be; undefined: whoever we are.
 * @throws AmavisError when there is no such user; Error when root would stay root
 */
function chooseUser(plan: Plan, options: DaemonOptions, warnings: string[]): RunAs | undefined {
  const user = options.user || plan.user
  const groups = options.group === '' ? plan.groups : [options.group]
  if (process.getuid?.() !== 0) {
    // after root was dropped, a reload reads with the same options
    if (options.user !== '' && findUser(options.user).uid !== process.getuid?.()) {
      warnings.push('Ignoring option -u when not running as root')
    }
    return undefined
  }
  if (user !== '' && user !== 'root' && user !== '0') return findUser(user, groups)
  if (!options.allowRoot) {
    throw new Error(
      'refusing to run as root: set $daemon_user, or give -u (--allow-root is for demonstrations and tests on loopback)',
    )
  }
  const open = plan.sockets.filter(spec => !isLocalOnly(spec))
  if (open.length > 0) {
    throw new Error(`as root only loopback may be listened on, not ${open.map(socketKey).join(', ')}`)
  }
  warnings.push('running as root on loopback: for demonstrations and tests only')
  return undefined
}

/** The default `$inet_socket_bind` names ::1, which a machine without IPv6 does not have. */
export function withoutMissingIpv6(
  plan: Plan,
  warnings: string[],
  addresses = Object.values(os.networkInterfaces()).flatMap(list => list?.map(one => one.address) ?? []),
): Plan {
  if (addresses.includes('::1')) return plan
  const isMissing = (spec: SocketSpec) => spec.kind === 'inet' && spec.host === '::1'
  const sockets = plan.sockets.filter(spec => !isMissing(spec))
  if (sockets.length === plan.sockets.length || sockets.length === 0) return plan
  warnings.push('this machine has no IPv6 loopback, not listening on [::1]')
  return {...plan, sockets}
}

function cannot(file: string, mode: number): boolean {
  try {
    accessSync(file, mode)
    return false
  } catch {
    return true
  }
}

/** What the daemon's user, who we are by now, needs and cannot have. */
function accessProblems(plan: Plan, runAs: RunAs | undefined): string[] {
  const who = runAs ? `user "${runAs.user}"` : 'this user'
  const program = entryFile('child-main')
  const {R_OK, W_OK, X_OK} = constants
  const problems: string[] = []
  if (cannot(process.execPath, X_OK)) problems.push(`${who} cannot run ${process.execPath}`)
  if (cannot(program, R_OK)) problems.push(`${who} cannot read our program file ${program}`)
  for (const file of plan.files) if (cannot(file, R_OK)) problems.push(`${who} cannot read ${file}`)
  for (const [name, folder] of [
    ['$MYHOME', plan.home],
    ['$TEMPBASE', plan.tempBase],
  ] as const) {
    if (!existsSync(folder) || !statSync(folder).isDirectory())
      problems.push(`${name}: there is no folder ${folder}`)
    else if (cannot(folder, W_OK | X_OK)) problems.push(`${name}: ${who} cannot write to ${folder}`)
  }
  if (plan.customHooks !== '') {
    const ownership = {effectiveUid: process.getuid?.() ?? 0, effectiveGid: process.getgid?.() ?? 0}
    const problem = hooksProblem(plan.customHooks, ownership)
    if (problem !== undefined) problems.push(`$custom_hooks: ${plan.customHooks} ${problem}`)
    else if (cannot(plan.customHooks, R_OK)) problems.push(`${who} cannot read ${plan.customHooks}`)
  }
  if (plan.log.target === 'file') {
    const place = existsSync(plan.log.file) ? plan.log.file : path.dirname(plan.log.file)
    if (cannot(place, W_OK)) problems.push(`$logfile: ${who} cannot write to ${place}`)
  }
  return problems
}

/** A daemon that can change its own configuration is not confined by it; for one that is root's at first. */
function ownershipProblems(plan: Plan, options: DaemonOptions, runAs: RunAs | undefined): string[] {
  if (!runAs || !options.checkOwnership) return []
  return plan.files.flatMap(file => {
    const problem = checkConfigFile(file, {effectiveUid: runAs.uid, effectiveGid: runAs.gid})
    return problem ? [`Config file "${file}" ${problem}; -X no_conf_file_writable_check allows it`] : []
  })
}
