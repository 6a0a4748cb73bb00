/**
 * member — what a decoder makes of one leaf: its members, and what it could not do.
 *
 * Values only: they cross from the decoder process to the child.
 */
import type {PartProblem} from '../message/message.ts'

/** What a decoder could not do. */
export type Problem = PartProblem

export interface Member {
  /** entries that are no file have no content */
  readonly kind: 'file' | 'directory' | 'link' | 'special'
  /** with their paths, as the archive has them; more than one where headers contradict each other */
  readonly names: readonly string[]
  /** the file's size as unpacked */
  readonly size: number
  /** all of a small file; the first octets of one that is at `path` */
  readonly content: Buffer
  /** the file that holds all octets of a large one; in the mail's own folder, under a name of ours */
  readonly path: string | undefined
  /** this member is not, or not all, there */
  readonly problem: Problem | undefined
}

export interface Decoded {
  readonly members: readonly Member[]
  /** about the leaf as a whole */
  readonly problems: readonly Problem[]
}

/** How much one leaf may become. */
export interface DecodeLimits {
  /** octets of all members together */
  readonly bytes: number
  /** the mail's whole quota, for the text that says that it is used up */
  readonly quota: number
  /** members */
  readonly files: number
  /** $MAXFILES, for the same reason */
  readonly maxFiles: number
}

/** A limit was reached: nothing more of this leaf is unpacked. Thrown by a Sink through its reader. */
export class LimitReached extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'LimitReached'
  }
}

/** The content is not what its format promises. Thrown by readers; what they found before stays. */
export class CorruptError extends Error {
  readonly kind: 'corrupt' | 'unsupported' | 'encrypted'

  constructor(reason: string, kind: 'corrupt' | 'unsupported' | 'encrypted' = 'corrupt') {
    super(reason)
    this.name = 'CorruptError'
    this.kind = kind
  }
}
