/**
 * tests-text — lists of tests as SpamAssassin writes them: `BAYES_00=-1.9,HTML_MESSAGE=0.001`, or names alone.
 */
import type {ScoredTest} from '../finding.ts'

/** `none` is an empty list; line ends and spaces between tests do not count. */
export function parseTests(text: string): readonly ScoredTest[] {
  return text
    .split(/[\s,]+/)
    .filter(item => item !== '' && item !== 'none')
    .map(item => {
      const [, name = item, score] = /^([^=]+)=(-?\d+(?:\.\d+)?(?:e-?\d+)?)$/i.exec(item) ?? []
      return {name, score: score === undefined ? undefined : Number(score)}
    })
}

/** Fields `X-Spam-Name: body` of a header section, folded or not; bodies keep their line ends. */
export function spamFieldsOf(header: string): readonly (readonly [name: string, body: string])[] {
  return [...header.matchAll(/^(X-Spam-[\w-]+):[ \t]*(.*(?:\r?\n[ \t].*)*)\r?$/gim)].map(
    ([, name = '', body = '']) => [name, body.replaceAll('\r\n', '\n').trimEnd()] as const,
  )
}
