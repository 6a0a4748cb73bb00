/**
 * show/wrap — texts broken into lines.
 */

/** A text broken at blanks; lines after the first begin with `indent`. A word longer than a line is kept whole. */
export function wrap(text: string, columns: number, indent: string, used = 0): string {
  const lines: string[] = []
  let line = ''
  let room = columns - used
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
      room = columns - indent.length
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${indent}`)
}
