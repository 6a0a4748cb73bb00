/**
 * decoders — who unpacks a child's archives, and where: its decoder process, made when first needed.
 */
import type {Decoded} from './member.ts'
import type {DecoderProcess} from './process/decoder-process.ts'
import type {DecodeRequest} from './process/messages.ts'

export interface Decoders {
  /** Have a leaf unpacked; every failure is a problem of the leaf. Rejects only when there is no work folder. */
  decode(request: Omit<DecodeRequest, 'folder'>, timeoutMs: number): Promise<Decoded>
  /** End the process. */
  close(): void
}

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
      return await decoder.decode({...request, folder: await folder()}, timeoutMs)
    },
    close: () => decoder?.close(),
  }
}
