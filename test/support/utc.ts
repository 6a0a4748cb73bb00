/** utc — local time is UTC for the tests of a file, where texts contain it. */
import test from 'node:test'

export function inUtc(): void {
  const zone = process.env['TZ']
  test.before(() => {
    process.env['TZ'] = 'UTC'
  })
  test.after(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })
}
