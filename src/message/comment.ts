/**
 * comment — text in parentheses within structured header fields.
 */

/** Where a comment that opens at `start` ends (RFC 5322 §3.2.2, nested); the end of the text when it does not. */
export function endOfComment(text: string, start: number): number {
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const c = text[i]
    if (c === '\\') i++
    else if (c === '(') depth++
    else if (c === ')' && --depth === 0) return i
  }
  return text.length
}
