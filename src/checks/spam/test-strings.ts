/**
 * test-strings — the built-in spam scanner: knows the standard test string for unsolicited bulk mail, and
 * nothing else.
 *
 * The string counts anywhere in a body or in a text that had to be decoded (spamassassin.apache.org/gtube).
 */
import type {Part} from '../../message/message.ts'
import type {SpamReport} from '../finding.ts'

/** In pieces, so that no filter takes this file for spam. */
const GTUBE = Buffer.from(
  ['XJS*C4JDBQADN1', '.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE', '-TEST-EMAIL*C.34X'].join(''),
)
const SCORE = 1000

/**
 * @param body of the mail, without its header
 * @param parts with their short types
 */
export function scanSpamTestString(body: Buffer, parts: readonly Part[]): SpamReport {
  const isFound =
    body.includes(GTUBE) || parts.some(part => isDecodedText(part) && part.content.includes(GTUBE))
  return {
    scanner: 'builtin',
    score: isFound ? SCORE : 0,
    tests: isFound ? [{name: 'GTUBE', score: SCORE}] : [],
    autolearn: 'no',
  }
}

/** Texts whose octets are not in the body as such. */
function isDecodedText({kind, encoding, declaredTypes, shortTypes}: Part): boolean {
  if (kind === 'container' || /^(?:7bit|8bit|binary)$/.test(encoding)) return false
  return /^(?:text|message)\//.test(declaredTypes[0] ?? '') || shortTypes.some(type => TEXT_TYPES.has(type))
}

const TEXT_TYPES: ReadonlySet<string> = new Set(['asc', 'txt', 'html', 'xml'])
