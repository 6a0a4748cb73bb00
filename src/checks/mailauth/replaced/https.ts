/** https — where mailauth would fetch policies of MTA-STS and logos of BIMI, which we never ask it for. */
export function request(): never {
  throw new Error('nothing is fetched over HTTPS')
}
