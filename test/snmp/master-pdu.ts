/** PDUs as a master agent sends them (RFC 2741 §6). */

/** Of session 3, transaction 4, packet 5. */
export function masterPdu(type: number, ...body: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(body)
  const header = Buffer.alloc(20)
  header.set([1, type, 0x10])
  for (const [n, value] of [3, 4, 5, payload.length].entries()) header.writeUInt32BE(value, 4 + 4 * n)
  return Buffer.concat([header, payload])
}

export function searchRange(start: readonly number[], end: readonly number[], include = false): Buffer {
  return Buffer.concat([oidOctets(start, include), oidOctets(end, false)])
}

function oidOctets(oid: readonly number[], include: boolean): Buffer {
  const isShort = oid.slice(0, 4).join('.') === '1.3.6.1' && oid.length > 4
  const rest = isShort ? oid.slice(5) : oid
  const octets = Buffer.alloc(4 + 4 * rest.length)
  octets.set([rest.length, isShort ? oid[4]! : 0, include ? 1 : 0])
  for (const [n, arc] of rest.entries()) octets.writeUInt32BE(arc, 4 + 4 * n)
  return octets
}
