/**
 * wrap — folds a text to a width, for notifications: at blanks, with words that are too long left whole.
 */

/**
 * @param width columns, prefix and indent included
 * @param prefix of the first line
 * @param indent of the others
 */
export function wrapped(text: string, width: number, prefix: string, indent: string): string {
  const lines: string[] = []
  let line = prefix
  let isEmpty = true
  for (const word of text.split(/[ \t\n]+/).filter(Boolean)) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line)
      line = indent
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].join('\n')
}
