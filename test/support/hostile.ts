/** hostile — what a client may say wherever it says something: in its envelope, header, file names, test names. */

const VALUES: Readonly<Record<string, string>> = {
  'CR and LF': 'x\r\nBcc: evil@example.net\r\n\r\n(00000-00) Passed CLEAN',
  'a lone LF': 'x\nBcc: evil@example.net\n\n(00000-00) Passed CLEAN',
  'a lone CR': 'x\rBcc: evil@example.net',
  NUL: 'x\0y',
  'escape sequences': '\u001b[2J\u001b]0;title\u0007',
  '8-bit octets': 'caf\xe9\x85\x9b',
  'template language': '[:uc|x] %s %q #"] [? 1|2] _SCORE_ \\n',
  'a path and a shell': '../../$(id)`id`;id|id&"\' -oQ/tmp --input=/etc/passwd',
  'beyond latin1': '\u202e\ud83d\ude00\u2028\u0085\u009b2J',
  '10,000 octets': 'long '.repeat(2000),
  '10,000 octets without a blank': 'x'.repeat(10_000),
}

export const HOSTILE: readonly (readonly [name: string, value: string])[] = Object.entries(VALUES)

/** What ends a line or begins an escape sequence: C0, DEL and C1. */
export const CONTROLS = /[\x00-\x1f\x7f-\x9f]/
