/**
 * test-string — the built-in scanner: knows the standard anti-virus test file, and nothing else.
 *
 * The file begins with 68 fixed octets; nothing but white space may follow, up to 128 octets in all
 * (eicar.org, "Anti-malware test file"). Its name is the one that ClamAV uses.
 */
import type {Part} from '../../message/message.ts'
import type {ScannerAnswer} from './answer.ts'

export const TEST_STRING_SCANNER = 'built-in test strings'

/** In pieces, so that no scanner takes this file for the test file. */
const TEST_FILE = Buffer.from(
  ['X5O!P%@AP[4\\PZX54', '(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join(''),
)
const LONGEST = 128

export function scanTestString(parts: readonly Part[]): ScannerAnswer {
  return parts.some(part => isTestFile(part.content))
    ? {kind: 'infected', names: ['Eicar-Test-Signature']}
    : {kind: 'clean'}
}

function isTestFile(content: Buffer): boolean {
  if (content.length < TEST_FILE.length || content.length > LONGEST) return false
  if (TEST_FILE.compare(content, 0, TEST_FILE.length) !== 0) return false
  return /^[ \t\r\n\x1a]*$/.test(content.toString('latin1', TEST_FILE.length))
}
