/**
 * control — what a running master can be asked on its control socket.
 */
import {
  askControlSocket,
  type Control,
  type ControlFailure,
  openControlSocket,
} from '../process/control-socket.ts'
import type {DaemonOptions} from './options.ts'

export type ControlRequest =
  | {readonly command: 'ping' | 'status' | 'reload'}
  /** let one child finish its mail and end; another takes its place */
  | {readonly command: 'retire'; readonly pid: number}
  | {readonly command: 'restart'; readonly options: DaemonOptions}

export type ControlReply =
  | {readonly kind: 'ok'; readonly warnings?: readonly string[]; readonly [name: string]: unknown}
  | ControlFailure
  /** this daemon does not hand its sockets over; the command may stop and start instead */
  | {readonly kind: 'refused'; readonly problems: readonly string[]}

/** @throws AmavisError AM_DAEMON when the socket cannot be made */
export function openControl(
  path: string,
  answer: (request: ControlRequest) => Promise<ControlReply>,
): Promise<Control> {
  return openControlSocket(path, answer)
}

/** @returns the master's answer; undefined when nobody answers on that path */
export function askMaster(
  path: string,
  request: ControlRequest,
  options: {readonly timeoutMs?: number} = {},
): Promise<ControlReply | undefined> {
  return askControlSocket<ControlRequest, ControlReply>(path, request, options)
}
