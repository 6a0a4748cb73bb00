/**
 * zip-type — what a zip archive is by its first members: an office document, a Java archive, or just a zip.
 *
 * In the words of file(1), of which some are no archive to banned rules (spec/config §7.4, test vectors).
 */

const LOCAL_HEADER = 0x04034b50

/** How many members are looked at, and how far apart they may be found. */
const MEMBERS = 4
const REACH_BYTES = 64 * 1024

export function zipType(content: Buffer): string {
  const names = memberNames(content)
  const [first = ''] = names
  if (first === 'mimetype') {
    const kind = OPEN_DOCUMENTS.find(([type]) => content.includes(type, 30))
    if (kind) return kind[1]
  }
  if (first.startsWith('META-INF/')) return 'Java archive data (JAR)'
  if (/^(?:\[Content_Types\]\.xml|_rels\/\.rels|docProps)/.test(first)) {
    const member = names.find(name => /^(?:word|xl|ppt)\//.test(name))
    if (member?.startsWith('word/')) return 'Microsoft Word 2007+'
    if (member?.startsWith('xl/')) return 'Microsoft Excel 2007+'
    return member ? 'Microsoft PowerPoint 2007+' : 'Microsoft OOXML'
  }
  const version = content.length > 5 ? content.readUInt16LE(4) : 20
  return `Zip archive data, at least v${Math.floor(version / 10)}.${version % 10} to extract`
}

const OPEN_DOCUMENTS: readonly (readonly [string, string])[] = [
  ['application/vnd.oasis.opendocument.text', 'OpenDocument Text'],
  ['application/vnd.oasis.opendocument.spreadsheet', 'OpenDocument Spreadsheet'],
  ['application/vnd.oasis.opendocument.presentation', 'OpenDocument Presentation'],
  ['application/epub+zip', 'EPUB document'],
]

/** Names in the first local headers; a member that was streamed does not say its size, so the next is sought. */
function memberNames(content: Buffer): string[] {
  const names: string[] = []
  let at = 0
  while (names.length < MEMBERS && at >= 0 && at + 30 <= content.length) {
    if (content.readUInt32LE(at) !== LOCAL_HEADER) break
    const start = at + 30
    const end = start + content.readUInt16LE(at + 26)
    names.push(content.toString('latin1', start, Math.min(end, start + 256)))
    const next = end + content.readUInt16LE(at + 28) + content.readUInt32LE(at + 18)
    const isThere = next + 4 <= content.length && content.readUInt32LE(next) === LOCAL_HEADER
    const found = isThere ? next : content.subarray(0, end + REACH_BYTES).indexOf('PK\x03\x04', end, 'latin1')
    at = found
  }
  return names
}
