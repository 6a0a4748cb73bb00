/**
 * messages — what a child and its decoder process say to each other, over Node's channel in its binary form.
 */
import type {Opening} from '../format.ts'
import type {Decoded, DecodeLimits} from '../member.ts'

/** Where a leaf's octets are. */
export type LeafOctets =
  | {readonly kind: 'memory'; readonly octets: Uint8Array}
  | {readonly kind: 'file'; readonly path: string}

export interface DecodeRequest {
  readonly leaf: LeafOctets
  readonly opening: Opening
  readonly limits: DecodeLimits
  /** for members that are too large for memory */
  readonly folder: string | undefined
  /** of the first member; the files of members are named by their parts */
  readonly firstNumber: number
}

/** `failed`: our own mistake; the process ends after it. */
export type DecodeReply =
  | {readonly kind: 'decoded'; readonly decoded: Decoded}
  | {readonly kind: 'failed'; readonly reason: string}
