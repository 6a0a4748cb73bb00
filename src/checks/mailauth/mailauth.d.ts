/** What we use of a file of the package that its types leave out. */
declare module 'mailauth/lib/dkim/dkim-verifier.js' {
  import type {Writable} from 'node:stream'
  import type {ARCData} from 'mailauth'

  interface VerifierOptions {
    /** rejects with a `code` as node:dns does */
    readonly resolver: (name: string, type: string) => Promise<string[][]>
    /** RFC 6376 and 8463 to the letter */
    readonly strict: boolean
    readonly minBitLength: number
    readonly curTime: Date
  }

  interface Result {
    readonly signingDomain?: string
    readonly selector?: string
    readonly algo?: string
    readonly format?: string
    readonly signature?: string
    readonly modulusLength?: number
    readonly publicKey?: string
    readonly expiresAfter?: string | null
    readonly signingHeaders?: {readonly keys?: string}
    readonly status: {
      readonly result: string
      readonly comment?: string | false
      readonly policy?: Readonly<Record<string, string>>
      readonly header?: Readonly<Record<string, string | false>>
    }
  }

  export class DkimVerifier extends Writable {
    constructor(options: VerifierOptions)
    /** whether signatures by rsa-sha1 are not looked at (RFC 8301) */
    rejectRsaSha1: boolean
    readonly resolver: VerifierOptions['resolver']
    /** the chain, once all is written */
    readonly arc: ARCData
    /** once all is written */
    readonly results: readonly Result[]
  }
}
