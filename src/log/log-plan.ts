/**
 * log-plan — what a process needs to know of the configuration in order to log.
 *
 * Plain data, so that the master has it without reading a configuration. Source: spec/config, "Logging".
 */
import type {Settings} from '../config/settings.ts'
import {createLog, type LogOptions} from './create-log.ts'
import type {Log} from './log.ts'
import {fileSink, type LineHead, type Sink, stderrSink, syslogSink} from './sinks.ts'

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
    syslogIdent: settings.string('$syslog_ident') ?? 'amavis',
    facility: (settings.string('$syslog_facility') ?? 'mail').toLowerCase().replace(/^log_/, ''),
    maxLength: settings.number('$logline_maxlen') ?? 980,
  }
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
  const head: LineHead = {host: plan.host, ident: plan.program}
  let sink: Sink
  let problem: string | undefined
  try {
    sink = openSink(plan, head)
  } catch (error) {
    sink = stderrSink(head)
    problem = `cannot open the log: ${error instanceof Error ? error.message : error}`
  }
  const log = createLog({level: plan.level, sink, ...(onEntry && {onEntry})})
  if (problem !== undefined) log.write(-1, problem)
  return {log, close: () => sink.close()}
}

function openSink(plan: LogPlan, head: LineHead): Sink {
  switch (plan.target) {
    case 'file':
      return fileSink(plan.file, head)
    case 'syslog':
      return syslogSink({ident: plan.syslogIdent, facility: plan.facility, maxLength: plan.maxLength})
    case 'stderr':
      return stderrSink(head)
  }
}
