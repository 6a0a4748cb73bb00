/**
 * folder-sub — the subs before and after a scanner, which do nothing but change to a folder.
 *
 * They are understood without being run: `sub {chdir('/opt/AVP') or die "Can't chdir to AVP: $!"}`.
 */
import type {Code} from './value.ts'

const CHANGES_FOLDER = /^\{?\s*chdir\b[^;{}]*;?\s*\}?$/s
const LITERAL = /^\{?\s*chdir\s*\(?\s*(['"])(\/[^'"$@\\]*)\1\s*\)?\s*(?:(?:or|\|\|)\s*die\b[^;]*)?;?\s*\}?$/s

/** Whether a sub changes the folder, to wherever, and does nothing else. */
export function onlyChangesFolder({body}: Code): boolean {
  return body?.kind === 'program' && CHANGES_FOLDER.test(withoutHead(body.text))
}

/** The folder that such a sub changes to, where it stands there as it is; else undefined. */
export function folderOfSub({body}: Code): string | undefined {
  return body?.kind === 'program' ? LITERAL.exec(withoutHead(body.text))?.[2] : undefined
}

function withoutHead(text: string): string {
  return text.trim().replace(/^sub\s*/, '')
}
