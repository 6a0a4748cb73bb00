/**
 * received-line — what is logged of a mail before it is looked at (spec/daemon, Worked examples). Pure.
 */
import type {Transaction} from '../transaction.ts'

/** `ESMTP :10024: <s> -> <r>,<r2> SIZE=123 BODY=8BITMIME RET=HDRS ENVID=x` */
export function receivedLine({envelope, listener, octets, protocol}: Transaction): string {
  const {body, envid, recipients, ret, sender} = envelope
  const words = [
    `${protocol} :${listener.port ?? listener.path ?? ''}${octets.path ? ` ${octets.path}` : ''}:`,
    `<${sender}> -> ${recipients.map(({address}) => `<${address}>`).join(',')}`,
    `SIZE=${octets.size}`,
    body && `BODY=${body}`,
    ret && `RET=${ret}`,
    envid && `ENVID=${envid}`,
  ]
  return words.filter(Boolean).join(' ')
}
