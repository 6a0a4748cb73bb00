/**
 * new-key — a new private key in a file of its own, which nobody else may read.
 *
 * rsa in the form that every signer has read for decades (PKCS #1), ed25519 in the only one it has (PKCS #8).
 */
import {generateKeyPair} from 'node:crypto'
import {closeSync, fsyncSync, openSync, rmSync, writeFileSync} from 'node:fs'
import {promisify} from 'node:util'
import {AmavisError, errorText} from '../../errors.ts'

export type KeyKind = {readonly type: 'rsa'; readonly bits: number} | {readonly type: 'ed25519'}

/** Key sizes that DKIM knows (RFC 6376 §3.3.3), up to what verifiers must take. */
export const SMALLEST_RSA_BITS = 512
export const LARGEST_RSA_BITS = 4096
export const USUAL_RSA_BITS = 2048
/** Verifiers take nothing shorter (RFC 8301 §3.2). */
export const ACCEPTED_RSA_BITS = 1024

/** @throws AmavisError AM_CONFIG when the file is there already, or cannot be written */
export async function writeNewKey(file: string, kind: KeyKind): Promise<void> {
  const pem = await privateKeyText(kind)
  let descriptor: number
  try {
    descriptor = openSync(file, 'wx', 0o600)
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    const why = isThere ? 'it exists already, and is left as it is' : errorText(cause)
    throw new AmavisError('AM_CONFIG', `cannot write the key to "${file}": ${why}`, {cause})
  }
  try {
    writeFileSync(descriptor, pem)
    fsyncSync(descriptor)
  } catch (cause) {
    rmSync(file, {force: true})
    throw new AmavisError('AM_CONFIG', `cannot write the key to "${file}": ${errorText(cause)}`, {cause})
  } finally {
    closeSync(descriptor)
  }
}

async function privateKeyText(kind: KeyKind): Promise<string> {
  if (kind.type === 'ed25519') {
    const {privateKey} = await promisify(generateKeyPair)('ed25519')
    return privateKey.export({format: 'pem', type: 'pkcs8'}).toString()
  }
  const {privateKey} = await promisify(generateKeyPair)('rsa', {modulusLength: kind.bits})
  return privateKey.export({format: 'pem', type: 'pkcs1'}).toString()
}
