/**
 * plan — what the setting @decoders asks for: which types are opened, and by which programs of other packages.
 *
 * Where this program has a reader of its own, that reader is used, whatever program the entry names. A program is
 * run only for what has none, if an entry names it and it is installed. A type that the built-in list names and the
 * configuration's does not is left as it is; types that the built-in list does not know are always opened.
 * Source: spec/config "Default @decoders".
 */
import path from 'node:path'
import type {Scalar} from '../config/value.ts'
import {findProgram, isExecutable} from '../process/find-program.ts'
import type {Format} from './format.ts'

/** A program, with its arguments. */
export type Program = readonly [file: string, ...args: string[]]

export interface DecoderPlan {
  /** whether leaves of this format are to be opened */
  mayOpen(format: Format): boolean
  /** which program opens it; undefined: none */
  program(format: Format): Program | undefined
}

/** By which short types an entry means a format; a format that is not here is always opened. */
const TYPES: Readonly<Partial<Record<Format, readonly string[]>>> = {
  zip: ['zip', 'kmz', 'jar'],
  gzip: ['gz'],
  bzip2: ['bz2'],
  xz: ['xz'],
  lzma: ['lzma'],
  lzop: ['lzo'],
  lz4: ['lz4'],
  zstd: ['zst'],
  compress: ['Z'],
  tar: ['tar'],
  cpio: ['cpio'],
  ar: ['deb'],
  rpm: ['rpm'],
  '7z': ['7z'],
  rar: ['rar'],
  arj: ['arj'],
  cab: ['cab'],
  lha: ['lha'],
  iso: ['iso'],
  tnef: ['tnef'],
  ole: ['doc'],
  freeze: ['F'],
  lrzip: ['lrz'],
  arc: ['arc'],
  zoo: ['zoo'],
}

/** What some programs are asked for whatever the entry says: all members on standard output. */
const PRINTING: ReadonlyMap<string, readonly string[]> = new Map([
  // one thread and 100 MB, or it takes all memory there is; the present one refuses the -k of the default entry
  ['lrzip', ['-q', '-p', '1', '-m', '1', '-d', '-o', '-']],
  ['nomarch', ['-p']],
  ['arc', ['p']],
  ['zoo', ['xpq']],
  ['unzoo', ['-p']],
])

/** Formats for which programs are run at all. */
const BY_PROGRAM: ReadonlySet<Format> = new Set(['freeze', 'lrzip', 'arc', 'zoo'])

/**
 * @param entries of @decoders
 * @param folders where programs are looked for ($path)
 */
export function planDecoders(
  entries: readonly Scalar[],
  folders: readonly string[],
  isProgram: (file: string) => boolean = isExecutable,
): DecoderPlan {
  const programs = new Map<string, Program | undefined>()
  for (const entry of entries) {
    const [types, , ...specs] = itemsOf(entry) ?? []
    for (const type of itemsOf(types) ?? [types]) {
      if (typeof type !== 'string' || programs.get(type) !== undefined) continue
      programs.set(type, findCommand(specs.flatMap(alternativesOf), folders, isProgram))
    }
  }
  return {
    mayOpen(format) {
      const types = TYPES[format]
      return types === undefined || types.some(type => programs.has(type))
    },
    program(format) {
      if (!BY_PROGRAM.has(format)) return undefined
      const found = TYPES[format]?.map(type => programs.get(type)).find(program => program !== undefined)
      if (!found) return undefined
      const printing = PRINTING.get(path.basename(found[0]))
      return printing ? [found[0], ...printing] : found
    },
  }
}

/** The items of a list that is referred to. */
function itemsOf(value: Scalar): readonly Scalar[] | undefined {
  return typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'array'
    ? value.to.items
    : undefined
}

/** `'xz -dc'`, `['xzdec', 'xz -dc']`, `\$unfreeze`: each a command line. */
function alternativesOf(spec: Scalar): string[] {
  if (typeof spec === 'string') return [spec]
  if (typeof spec !== 'object' || spec.kind !== 'ref') return []
  if (spec.to.kind === 'array') return spec.to.items.flatMap(alternativesOf)
  return spec.to.kind === 'scalar' ? alternativesOf(spec.to.value) : []
}

function findCommand(
  lines: readonly string[],
  folders: readonly string[],
  isProgram: (file: string) => boolean,
): Program | undefined {
  for (const line of lines) {
    const [name = '', ...args] = line.trim().split(/\s+/)
    const file = name === '' ? undefined : findProgram([name], folders, isProgram)
    if (file !== undefined) return [file, ...args]
  }
  return undefined
}
