/**
 * state-octets — the usual `am.st` frame, read from its octets without making a string or an object of it.
 *
 * At ten thousand frames a second nearly all of them say one letter of a child that is known. Whatever else a
 * frame may be (grammar.ts knows) is left to the slow way.
 */

const SPACE = 0x20
const POINT = 0x2e
const DIGIT_0 = 0x30
const LONGEST_PID = 7
const LONGEST_ID = 40
const LETTERS = Array.from({length: 0x7f}, (_, code) => String.fromCharCode(code))

/** What the frame read last says; one object for all frames. */
export interface StateOctets {
  pid: number
  /** Unix ms, or ms since the child's last absolute time */
  ms: number
  absolute: boolean
  /** one character */
  state: string
  /** where the task id is; nowhere when the two are equal */
  idStart: number
  idEnd: number
}

export function emptyStateOctets(): StateOctets {
  return {pid: 0, ms: 0, absolute: false, state: '-', idStart: 0, idEnd: 0}
}

/** @returns whether the frame was of the usual kind; if not, `into` is of no use */
export function readStateOctets(frame: Buffer, into: StateOctets): boolean {
  const {length} = frame
  if (length < 11 || !isStatePrefix(frame)) return false
  let at = 6
  let pid = 0
  for (let octet = frame[at]!; octet !== SPACE; octet = frame[++at]!) {
    if (!isDigit(octet) || at - 6 >= LONGEST_PID) return false
    pid = pid * 10 + octet - DIGIT_0
  }
  const timeStart = ++at
  let time = 0
  for (; at < length && isDigit(frame[at]!); at++) time = time * 10 + frame[at]! - DIGIT_0
  const digits = at - timeStart
  into.absolute = digits === 10 && frame[at] === POINT
  if (into.absolute) {
    if (at + 4 >= length) return false
    for (let i = 1; i <= 3; i++) {
      if (!isDigit(frame[at + i]!)) return false
      time = time * 10 + frame[at + i]! - DIGIT_0
    }
    at += 4
  } else if (digits === 0 || digits > 9) return false
  if (frame[at] !== SPACE || at + 1 >= length || pid === 0) return false
  const state = frame[at + 1]!
  if (state <= SPACE || state > 0x7e) return false
  into.idStart = at + 3
  into.idEnd = length
  if (at + 2 === length) into.idStart = length
  else if (frame[at + 2] !== SPACE || at + 3 === length || length - at - 3 > LONGEST_ID) return false
  for (let i = into.idStart; i < length; i++) if (frame[i]! <= SPACE || frame[i]! > 0x7e) return false
  into.pid = pid
  into.ms = time
  into.state = LETTERS[state]!
  return true
}

/** Whether these octets are this text, of printable ASCII. */
export function isText(frame: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (frame[start + i] !== text.charCodeAt(i)) return false
  return true
}

/** `am.st ` */
function isStatePrefix(frame: Buffer): boolean {
  return (
    frame[3] === 0x73 &&
    frame[4] === 0x74 &&
    frame[5] === SPACE &&
    frame[0] === 0x61 &&
    frame[1] === 0x6d &&
    frame[2] === POINT
  )
}

function isDigit(octet: number): boolean {
  return octet >= DIGIT_0 && octet <= 0x39
}
