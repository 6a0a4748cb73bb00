/**
 * decoders — who unpacks a child's archives: its decoder process, made when first needed, or a program of
 * another package.
 */
import {mkdir, rm, writeFile} from 'node:fs/promises'
import path from 'node:path'
import type {Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'
import {partName} from '../message/message.ts'
import type {Decoded} from './member.ts'
import {type DecoderPlan, type Program, planDecoders} from './plan.ts'
import type {DecoderProcess} from './process/decoder-process.ts'
import type {DecodeRequest, LeafOctets} from './process/messages.ts'

export interface Decoders {
  /** What the configuration asks for. */
  plan(settings: Settings): DecoderPlan
  /**
   * Have a leaf unpacked; every failure is a problem of the leaf. Rejects only when the work folder cannot be
   * used.
   * @param program instead of the decoder process
   */
  decode(request: Omit<DecodeRequest, 'folder'>, timeoutMs: number, program?: Program): Promise<Decoded>
  /** End the process. */
  close(): void
}

/** A larger leaf goes over in a file: on its way through the channel it would be in memory four times. */
const MOST_BY_CHANNEL_BYTES = 1024 * 1024

export interface DecodersOptions {
  /** $TEMPBASE */
  readonly base: string
  /** the mail's own folder for large members; it need not exist */
  readonly folder: () => Promise<string>
}

export function createDecoders({base, folder}: DecodersOptions): Decoders {
  const plans = new WeakMap<readonly Scalar[], DecoderPlan>()
  let decoder: DecoderProcess | undefined
  return {
    plan(settings) {
      const entries = settings.list('@decoders')
      let plan = plans.get(entries)
      if (!plan) {
        plan = planDecoders(entries, (settings.string('$path') ?? '/usr/local/bin:/usr/bin:/bin').split(':'))
        plans.set(entries, plan)
      }
      return plan
    },
    async decode(request, timeoutMs, program) {
      const parts = await folder()
      const {leaf, limits, firstNumber} = request
      if (program) {
        const {runProgram} = await import('./program.ts')
        const fileName = (index: number) => partName(firstNumber + index)
        return await withFile(leaf, parts, file =>
          runProgram({program, file, folder: parts, fileName, limits, timeoutMs}),
        )
      }
      const {DecoderProcess} = await import('./process/decoder-process.ts')
      const process = (decoder ??= new DecoderProcess({base}))
      if (leaf.kind === 'memory' && leaf.octets.length <= MOST_BY_CHANNEL_BYTES) {
        return await process.decode({...request, folder: parts}, timeoutMs)
      }
      return await withFile(leaf, parts, file =>
        process.decode({...request, leaf: {kind: 'file', path: file}, folder: parts}, timeoutMs),
      )
    },
    close: () => decoder?.close(),
  }
}

/** Work with a leaf as a file; one in memory is written for as long as that takes. */
async function withFile<Result>(
  leaf: LeafOctets,
  folder: string,
  work: (file: string) => Promise<Result>,
): Promise<Result> {
  if (leaf.kind === 'file') return await work(leaf.path)
  const file = path.join(folder, 'leaf')
  await mkdir(folder, {recursive: true, mode: 0o750})
  try {
    await rm(file, {force: true})
    await writeFile(file, leaf.octets, {mode: 0o640, flag: 'wx'})
    return await work(file)
  } finally {
    await rm(file, {force: true})
  }
}
