/**
 * log-plan — what a process needs to know of the configuration in order to log.
 *
 * Plain data, so that the master has it without reading a configuration. Source: spec/config, "Logging".
 */
import type {Settings} from '../config/settings.ts'
import {createLog, type LogOptions} from './create-log.ts'
import type {Log, LogStyle} from './log.ts'
import {fileSink, type LineHead, type Sink, stderrSink} from './sinks.ts'
import {syslogServer, syslogSink, udpSyslogSink} from './syslog.ts'

export interface LogPlan {
  readonly target: 'stderr' | 'file' | 'syslog'
  readonly file: string
  readonly level: number
  readonly host: string
  /** name in a file's lines */
  readonly program: string
  readonly syslogIdent: string
  readonly facility: string
  readonly maxLength: number
  /** everything is logged, whatever a policy bank says */
  readonly debug: boolean
  /** one JSON object a line, in files and on standard error */
  readonly json: boolean
  /** `host:port` of a syslog daemon that takes datagrams; '' : the one of this machine */
  readonly server: string
}

/** Everything is logged at this level. */
const DEBUG_LEVEL = 5

export function logPlan(settings: Settings, debug = false): LogPlan {
  const file = settings.string('$logfile') ?? ''
  const verbose = debug || settings.flag('$DEBUG')
  return {
    target: verbose ? 'stderr' : settings.flag('$do_syslog') ? 'syslog' : file === '' ? 'stderr' : 'file',
    file,
    level: verbose ? DEBUG_LEVEL : (settings.number('$log_level') ?? 0),
    host: settings.string('$myhostname') ?? 'localhost',
    program: settings.string('$myprogram_name') ?? 'amavis',
    syslogIdent: identOf(settings),
    facility: facilityOf(settings),
    maxLength: settings.number('$logline_maxlen') ?? 980,
    debug: verbose,
    json: settings.string('$log_format') === 'json',
    server: settings.string('$syslog_server') ?? '',
  }
}

/**
 * How the entries of a mail are written under the banks in force; undefined: as all others.
 * @param isDebugged everything is to be logged of it
 */
export function logStyle(settings: Settings, isDebugged = false): LogStyle | undefined {
  if (settings.bankPath === '' && !isDebugged) return undefined
  return {
    level: isDebugged ? DEBUG_LEVEL : (settings.number('$log_level') ?? 0),
    ident: identOf(settings),
    facility: facilityOf(settings),
  }
}

function identOf(settings: Settings): string {
  return settings.string('$syslog_ident') || 'amavis'
}

function facilityOf(settings: Settings): string {
  return (settings.string('$syslog_facility') || 'mail').toLowerCase().replace(/^log_/, '')
}

export interface OpenLog {
  readonly log: Log
  close(): Promise<void>
}

/**
 * The log that a plan describes. A file that cannot be opened must not stop mail: entries go to standard
 * error then, the first of them saying so.
 */
export function openLog(plan: LogPlan, onEntry?: LogOptions['onEntry']): OpenLog {
  const head: LineHead = {host: plan.host, ident: plan.program, json: plan.json}
  let sink: Sink
  let problem: string | undefined
  try {
    sink = openSink(plan, head)
  } catch (error) {
    sink = stderrSink(head)
    problem = `cannot open the log: ${error instanceof Error ? error.message : error}`
  }
  const log = createLog({level: plan.level, isFixed: plan.debug, sink, ...(onEntry && {onEntry})})
  if (problem !== undefined) log.write(-1, problem)
  return {log, close: () => sink.close()}
}

function openSink(plan: LogPlan, head: LineHead): Sink {
  switch (plan.target) {
    case 'file':
      return fileSink(plan.file, head)
    case 'syslog': {
      const options = {ident: plan.syslogIdent, facility: plan.facility, maxLength: plan.maxLength}
      if (plan.server === '') return syslogSink(options)
      const server = syslogServer(plan.server)
      if (!server) throw new Error(`"${plan.server}" is no host:port`)
      return udpSyslogSink({...options, host: plan.host, server})
    }
    case 'stderr':
      return stderrSink(head)
  }
}
