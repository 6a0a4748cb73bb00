/**
 * decoders — who unpacks a child's archives, and where: its decoder process, made when first needed.
 */
import {mkdir, rm, writeFile} from 'node:fs/promises'
import path from 'node:path'
import type {Decoded} from './member.ts'
import type {DecoderProcess} from './process/decoder-process.ts'
import type {DecodeRequest} from './process/messages.ts'

export interface Decoders {
  /** Have a leaf unpacked; every failure is a problem of the leaf. Rejects only when the work folder cannot be used. */
  decode(request: Omit<DecodeRequest, 'folder'>, timeoutMs: number): Promise<Decoded>
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
  let decoder: DecoderProcess | undefined
  return {
    async decode(request, timeoutMs) {
      if (!decoder) {
        const {DecoderProcess} = await import('./process/decoder-process.ts')
        decoder ??= new DecoderProcess({base})
      }
      const parts = await folder()
      const {leaf} = request
      if (leaf.kind === 'file' || leaf.octets.length <= MOST_BY_CHANNEL_BYTES) {
        return await decoder.decode({...request, folder: parts}, timeoutMs)
      }
      const file = path.join(parts, 'leaf')
      await mkdir(parts, {recursive: true, mode: 0o750})
      try {
        await writeFile(file, leaf.octets, {mode: 0o640, flag: 'wx'})
        return await decoder.decode({...request, leaf: {kind: 'file', path: file}, folder: parts}, timeoutMs)
      } finally {
        await rm(file, {force: true})
      }
    },
    close: () => decoder?.close(),
  }
}
