/**
 * connect — who has connected to the MTA (spec/milter §2). Pure.
 */
import {isIP} from 'node:net'

export interface Connect {
  /** verified name, or `[address]` where there is none */
  readonly host: string
  /** undefined where the MTA does not know it, or it is no address of the Internet */
  readonly address: string | undefined
  readonly port: number | undefined
}

/** undefined: what comes is no such event. */
export function readConnect(data: Buffer): Connect | undefined {
  const end = data.indexOf(0)
  if (end < 0 || end + 1 >= data.length) return undefined
  const host = data.toString('latin1', 0, end)
  const family = String.fromCharCode(data[end + 1]!)
  if (family === 'U') return {host, address: undefined, port: undefined}
  const rest = data.subarray(end + 2)
  if (rest.length < 3 || rest[rest.length - 1] !== 0) return undefined
  const port = rest.readUInt16BE(0)
  const text = rest.toString('latin1', 2, rest.indexOf(0, 2))
  if (family === 'L') return {host, address: undefined, port: undefined}
  const address = text.replace(/^IPv6:/i, '')
  if (family !== '4' && family !== '6') return undefined
  return isIP(address) === Number(family) ? {host, address, port} : undefined
}
