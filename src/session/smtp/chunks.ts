/**
 * chunks — BDAT, content in chunks of a known length (RFC 3030). Pure.
 *
 * The octets of a chunk follow the command whatever it is answered, so they are read also where it is refused:
 * content must never be taken for commands. Without BINARYMIME: a bare LF in a chunk becomes CRLF as it does
 * after DATA.
 */
import type {Answer} from './answer.ts'
import {refuse} from './answer.ts'
import type {SessionPolicy} from './policy.ts'
import type {SessionState} from './state.ts'

const NOT_RECOGNIZED = refuse('500 5.5.2 Error: command BDAT not recognized')
/** Nobody knows where the next command begins. */
const LOST: Answer = {text: '421 4.7.0 Error: BDAT without a size, closing channel\r\n', event: 'lost'}

/** @param refused why no content may come now */
export function bdat(
  argument: string,
  {mail}: SessionState,
  policy: SessionPolicy,
  refused: Answer | undefined,
): Answer {
  const [, size = '', last] = /^(\d{1,15})(?:[ \t]+(LAST))?$/i.exec(argument) ?? []
  if (size === '') return LOST
  const announced = policy.keywords.has('CHUNKING')
  if (mail && announced && !refused) mail.chunked = true
  const refusal = announced ? refused : NOT_RECOGNIZED
  return {text: '', event: 'chunk', chunk: {octets: Number(size), last: last !== undefined, refusal}}
}
