/**
 * tldts — the list of public suffixes, of which mailauth's verifier of signatures wants to know whether a signer is
 * related to the author. We ask that ourselves (checks/dkim/relation.ts), and DMARC walks the DNS (RFC 9989).
 */

/** Unknown: a domain stands for itself. */
export function getDomain(): null {
  return null
}
