/**
 * libmime — the two functions of the package libmime that mailauth calls, for texts of its results that we do not read:
 * the Authentication-Results that it would write, and where in a body the MIME structure begins.
 *
 * The package has the character sets of all the world.
 */

/** The line as it is. */
export function foldLines(line: string): string {
  return line
}

/** No type, no boundary. */
export function parseHeaderValue(): {
  readonly value: false
  readonly params: Readonly<Record<string, never>>
} {
  return {value: false, params: {}}
}
