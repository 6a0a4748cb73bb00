/**
 * tui/explain/json — an examined mail as one object for programs; the field names are documented and stable.
 */
import type {Examination, ExaminedPart} from '../../pipeline/examine.ts'

/** `--json` of `amavis explain`. */
export function explainJson({parts, mimeError, findings}: Examination): string {
  return JSON.stringify({parts: parts.map(partJson), mime_err: mimeError ?? null, findings})
}

function partJson(part: ExaminedPart) {
  const isContainer = part.kind === 'container'
  return {
    n: part.number,
    parent: part.parent,
    kind: part.kind,
    placement: part.placement,
    type_declared: part.declaredTypes,
    type_real: part.fullType === '' ? null : part.fullType,
    type_short: part.shortTypes,
    encoding: isContainer || part.encoding === '' ? null : part.encoding,
    names: part.names,
    size: isContainer ? null : part.size,
    sha1: part.sha1 ?? null,
    flags: part.attributes,
    reading: part.reading ?? null,
  }
}
