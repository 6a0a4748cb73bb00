/**
 * changes — edits of a header as a client does them that has the mail itself: by name and place, not by octets.
 */
import type {Header} from '../../message/message.ts'
import type {HeaderChange} from '../../session/transaction.ts'
import type {HeaderEdits} from './apply.ts'

/**
 * The same edits as `applyEdits` makes. Fields of a name are deleted from the last one up, so that places stay true
 * whether or not the client counts anew.
 */
export function headerChanges(header: Header, edits: HeaderEdits): readonly HeaderChange[] {
  const changes: HeaderChange[] = []
  const seen = new Map<string, number>()
  let isChanged = false
  for (const field of header.fields) {
    const name = field.name.trimEnd()
    const lower = name.toLowerCase()
    const index = (seen.get(lower) ?? 0) + 1
    seen.set(lower, index)
    if (edits.subject && lower === 'subject' && !isChanged) {
      isChanged = true
      changes.push({kind: 'change', name, index, body: bodyOf(edits.subject.toString('utf8'))})
    } else if (edits.remove.has(lower) || edits.drop.has(field)) changes.push({kind: 'delete', name, index})
  }
  const deletions = changes.filter(({kind}) => kind === 'delete').reverse()
  const others = changes.filter(({kind}) => kind !== 'delete')
  return [...deletions, ...others, ...insertions(edits.prepend)]
}

function insertions(text: string): HeaderChange[] {
  return text
    .split(/\r\n(?![ \t])/)
    .filter(field => field !== '')
    .map(field => ({kind: 'insert', name: field.slice(0, field.indexOf(':')), body: bodyOf(field)}))
}

/** What follows the colon and a blank, folds with LF. */
function bodyOf(field: string): string {
  return field
    .slice(field.indexOf(':') + 1)
    .replace(/^ /, '')
    .replace(/\r\n$/, '')
    .replaceAll('\r\n', '\n')
}
