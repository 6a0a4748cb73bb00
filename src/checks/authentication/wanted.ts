/**
 * wanted — which of DKIM, SPF, ARC and DMARC the settings ask for.
 */
import type {Settings} from '../../config/settings.ts'

/** Whether our Authentication-Results may say something: fields that claim to be ours are forged then. */
export function authenticates(settings: Settings): boolean {
  return wantsDkim(settings) || wantsSpf(settings) || wantsArc(settings)
}

/** DMARC rests on it. */
export function wantsDkim(settings: Settings): boolean {
  return settings.flag('$enable_dkim_verification') || wantsDmarc(settings)
}

/** DMARC rests on it. */
export function wantsSpf(settings: Settings): boolean {
  return settings.flag('$enable_spf_verification') || wantsDmarc(settings)
}

export function wantsArc(settings: Settings): boolean {
  return settings.flag('$enable_arc_verification')
}

export function wantsDmarc(settings: Settings): boolean {
  return settings.flag('$enable_dmarc_verification')
}
