/**
 * part — makes the items of a mail's tree.
 */
import type {Part, PartProblem} from './message.ts'
import type {Octets} from './octets.ts'

const EMPTY = Buffer.alloc(0)
const NONE: readonly never[] = []

type Given = Pick<Part, 'number' | 'parent' | 'placement'> & Partial<Part>

/** A part with what is given; the rest says nothing. A leaf, unless `kind` says otherwise. */
export function makePart(given: Given): Part {
  const content = given.content ?? EMPTY
  return {
    number: given.number,
    parent: given.parent,
    kind: given.kind ?? 'leaf',
    placement: given.placement,
    declaredTypes: given.declaredTypes ?? NONE,
    names: given.names ?? NONE,
    encoding: given.encoding ?? '',
    content,
    size: given.size ?? content.length,
    path: given.path,
    fullType: given.fullType ?? '',
    shortTypes: given.shortTypes ?? NONE,
    attributes: given.attributes ?? '',
    problems: given.problems ?? NONE,
    reading: given.reading,
  }
}

const LETTERS: Readonly<Record<PartProblem['kind'], string>> = {
  corrupt: 'U',
  unsupported: 'U',
  encrypted: 'UC',
  limit: '',
  ambiguous: 'B',
}

/** The part with problems that were met later, and their letters; a letter stands once. */
export function withProblems(part: Part, problems: readonly PartProblem[]): Part {
  if (problems.length === 0) return part
  const letters = new Set([...part.attributes, ...problems.flatMap(({kind}) => [...LETTERS[kind]])])
  return {...part, attributes: [...letters].join(''), problems: [...part.problems, ...problems]}
}

/** All octets of a part: those of a large member of an archive are in a file. */
export function partOctets({path, size, content}: Part): Octets {
  return path === undefined ? {size: content.length, memory: content, path} : {size, memory: undefined, path}
}
