import assert from 'node:assert/strict'
import {test} from 'node:test'
import {Timing} from '../../src/log/timing.ts'

test('a TIMING report gives each section its time, its share and the share of the total so far', () => {
  const clock = [0, 6, 7.3, 100]
  const timing = new Timing(() => clock.shift() ?? 100)
  timing.mark('SMTP greeting')
  timing.mark('SMTP EHLO')
  timing.mark('rundown')
  assert.equal(
    timing.report(),
    'TIMING [total 100 ms] - SMTP greeting: 6 (6%)6, SMTP EHLO: 1.3 (1%)7, rundown: 93 (93%)100',
  )
})
