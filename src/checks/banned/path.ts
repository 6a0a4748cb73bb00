/**
 * path — how a part and those it is in are written for banned rules and for logs.
 *
 * Source: spec/daemon "Banned check", spec/config §7.1 "Part tree", §7.3 "Matching".
 */
import {type Part, partName} from '../../message/message.ts'

/** A part with its ancestors, outermost first. */
export type PartPath = readonly Part[]

/**
 * Paths of all parts in which no other part is, breadth first: the order in which rules are tried on them.
 */
export function leafPaths(parts: readonly Part[]): PartPath[] {
  const byNumber = new Map(parts.map(part => [part.number, part]))
  const parents = new Set(parts.map(part => part.parent))
  const paths = parts
    .filter(part => !parents.has(part.number) && part.kind !== 'container')
    .map(part => {
      const path = [part]
      // no part is in itself: a tree that says so must not hold us for ever
      for (let up = byNumber.get(part.parent); up && !path.includes(up); up = byNumber.get(up.parent))
        path.unshift(up)
      return path
    })
  return paths.sort((a, b) => a.length - b.length || a.at(-1)!.number - b.at(-1)!.number)
}

/** The strings of one part that traditional rules are tried on: types, short types with a dot, names. */
function partKeys(part: Part): string[] {
  const keys = [
    ...part.declaredTypes,
    ...part.shortTypes.map(type => `.${type}`),
    ...part.names.map(shortened),
  ]
  if (part.attributes.includes('U')) keys.push('UNDECIPHERABLE')
  return keys
}

/** Those of a whole path, outermost part first. */
export function traditionalKeys(path: PartPath): string[] {
  return path.length === 1 ? partKeys(path[0]!) : path.flatMap(partKeys)
}

/** Those of the innermost part, as replies and logs show them: `application/octet-stream,.asc,setup.exe`. */
export function leafText(path: PartPath): string {
  return partKeys(path.at(-1)!).map(oneLine).join(',')
}

function descriptors(part: Part): string[] {
  return [
    `P=${partName(part.number)}`,
    `L=${part.placement}`,
    ...part.declaredTypes.map(type => `M=${type}`),
    ...part.shortTypes.map(type => `T=${type}`),
    ...part.names.map(name => `N=${shortened(name)}`),
    ...[...part.attributes].map(letter => `A=${letter}`),
  ].map(oneLine)
}

/** The subject of `$banned_namepath_re`: parts on lines of their own, descriptors separated by tabs. */
export function namePath(path: PartPath): string {
  return path.map(part => descriptors(part).join('\t')).join('\n')
}

/** For logs: `P=p003,L=1,M=multipart/mixed | P=p002,L=1/2,M=application/zip,T=zip,N=a.zip`. */
export function pathText(path: PartPath): string {
  return path.map(part => descriptors(part).join(',')).join(' | ')
}

function oneLine(text: string): string {
  return text.replace(/[\t\r\n]/g, ' ')
}

/** A name of any length that a sender thought of is not fit for any regexp of an operator. */
const LONGEST_NAME = 4096

/** A very long name without its middle: what counts is how it begins and how it ends. */
function shortened(name: string): string {
  return name.length <= LONGEST_NAME ? name : name.slice(0, LONGEST_NAME / 2) + name.slice(-LONGEST_NAME / 2)
}
