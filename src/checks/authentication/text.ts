/**
 * text — results of SPF, ARC and DMARC for the log and for people.
 */
import type {ArcResult, Authentication, DmarcResult, SpfResult} from './result.ts'

/** `fail smtp.mailfrom=example.com` */
export function spfText({result, identity, domain, detail}: SpfResult): string {
  return `${result}${because(detail)} smtp.${identity}=${domain}`
}

/** `pass i=2, d=example.com` */
export function arcText({result, instance, domain, detail}: ArcResult): string {
  return `${result}${because(detail)}${instance > 0 ? ` i=${instance}, d=${domain}` : ''}`
}

/** `fail (p=reject) header.from=example.com` */
export function dmarcText({result, policy, domain, detail}: DmarcResult): string {
  return `${result}${policy === undefined ? '' : ` (p=${policy})`}${because(detail)} header.from=${domain}`
}

/** `SPF …; ARC …; DMARC …` */
export function authenticationText({spf, arc, dmarc}: Authentication): string {
  return [spf && `SPF ${spfText(spf)}`, arc && `ARC ${arcText(arc)}`, dmarc && `DMARC ${dmarcText(dmarc)}`]
    .filter(Boolean)
    .join('; ')
}

function because(detail: string): string {
  return detail === '' ? '' : ` (${detail})`
}
