import assert from 'node:assert/strict'
import {test} from 'node:test'
import {masterAdvice} from '../../src/anvil/cli/postfix-master.ts'

/** What the master of Postfix 3.7 gives, by its line of master.cf. */
const STARTED: readonly (readonly [line: string, args: string, entry: string])[] = [
  ['anvil unix - - n - 1 anvil', '-l -t unix -u', 'anvil/unix'],
  ['anvil unix - - n - 1 amavis-anvil -o x=y -v', '-l -n anvil -t unix -u -o x=y -v', 'anvil/unix'],
  ['anvil unix - - y - 1 anvil', '-l -t unix -u -c', 'anvil/unix'],
  ['other inet - - n - 1 amavis-anvil', '-l -n other -t inet -u', 'other/inet'],
]
for (const [line, args, entry] of STARTED) {
  test(`who is started by "${line}" names the entry that is to go`, () => {
    assert.match(masterAdvice(args.split(' ')) ?? '', new RegExp(`"postconf -M# ${entry}"`))
  })
}

for (const args of ['', '-c /etc/amavis/amavisd.conf', '-d 3 --allow-root', '-t', '-t 5']) {
  test(`"${args}" is nothing that the master says`, () => {
    assert.equal(masterAdvice(args === '' ? [] : args.split(' ')), undefined)
  })
}
