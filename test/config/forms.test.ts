/**
 * Forms of the configuration language against what Perl makes of them.
 */
import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {fileURLToPath} from 'node:url'
import {readConfiguration} from '../../src/config/load.ts'
import {numberText} from '../../src/config/number.ts'
import {problemText} from '../../src/config/problem.ts'
import {regexpText} from '../../src/config/regexp.ts'
import type {Scalar} from '../../src/config/value.ts'

type Recorded = string | null | readonly Recorded[] | {readonly [key: string]: Recorded}

const root = fileURLToPath(new URL('../../..', import.meta.url))
const [, ...forms] = readFileSync(path.join(root, 'test/config/forms.txt'), 'utf8')
  .split('\n----\n')
  .filter(block => block !== '')
  .map(block => block.split('\n=> '))

const host = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: undefined}

/** A value in the form of the records. */
function recorded(value: Scalar): Recorded {
  if (value === undefined) return null
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'string') return value
  switch (value.kind) {
    case 're':
      return {$re: regexpText(value)}
    case 'object':
      return {$obj: `Amavis::Lookup::${value.of}`}
    case 'code':
      return {$code: '1'}
    case 'ref': {
      const {to} = value
      if (to.kind === 'array') return Array.from(to.items, recorded)
      if (to.kind === 'scalar') return {$scalar: recorded(to.value)}
      return Object.fromEntries([...to.entries].map(([key, item]) => [key, recorded(item)]))
    }
  }
}

for (const [program = '', value = ''] of forms) {
  test(`as in Perl: ${program}`, () => {
    const result = readConfiguration(
      {files: ['a.conf'], host, env: {DOMAIN: 'env.test'}},
      {
        readFile: () => Buffer.from(program),
        testFile: () => undefined,
        checkFile: name => (name === 'a.conf' ? undefined : 'does not exist'),
      },
    )
    assert.deepEqual(result.machine.errors.map(problemText), [])
    const box = result.snapshot.variables.get('$logfile')
    assert.deepEqual(box?.kind === 'scalar' && recorded(box.value), JSON.parse(value))
  })
}
