/** What spec/milter-control §9 has to be tested, and the tests that do: none of them goes without being missed. */
import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {fileURLToPath} from 'node:url'

const TESTS = fileURLToPath(new URL('../../../test/', import.meta.url))
const POOL = 'e2e/milter-pool.test.ts'
const LOAD = 'interop/milter-pool.test.ts'

const ITEMS: readonly (readonly [item: string, file: string, title: string])[] = [
  [
    'grammar: forms, signals by name and number, unknown names; a disabled milter starts by its name only',
    POOL,
    'what is asked of names, signals and milters that do not run is answered in words and exit statuses',
  ],
  [
    'graceful stop with an open session: its mails end, new connections are refused meanwhile',
    POOL,
    'a graceful stop takes no connection more, and the one that is open goes on to its own end',
  ],
  [
    'INT: the session is closed, its folder is gone; KILL: at once, and the next start sweeps',
    POOL,
    'INT drops connections and leaves nothing behind; KILL leaves what the next start sweeps',
  ],
  [
    'restart under load: no mail lost, no connection refused; the invariants of the report meanwhile',
    LOAD,
    'restarts under load lose no mail, and Postfix is refused nothing',
  ],
  [
    'KILL of processes under load',
    LOAD,
    'processes that are killed under load, with fifty sessions, cost answers and no mail; the report stays true',
  ],
  [
    'KILL of masters under load',
    LOAD,
    'a master that is killed under load, twice, costs answers and no mail; the next start puts all in order',
  ],
  [
    'proc_conn_limit: the star, c goes up, a begins anew, b goes on',
    POOL,
    'a process retires after its connections, and its slot keeps the count',
  ],
  [
    'max_procs 1, conns_per_proc 1: the second connection stays in the backlog',
    POOL,
    'when all are full, the next connection stays with the kernel until there is room',
  ],
  [
    'max_procs 0: waiting counts',
    POOL,
    'without a pool one process takes what it can, and what waits is counted',
  ],
  [
    'a process that dies in the middle of a mail',
    POOL,
    'a process that dies in the middle of a mail is replaced; the MTA sees a closed connection',
  ],
  [
    'a hung process',
    'milter/pool.test.ts',
    'a process that hangs gets no more connections, another takes its place, and then it is killed',
  ],
]

for (const [item, file, title] of ITEMS) {
  test(`${item}: there is a test`, () => {
    assert.ok(readFileSync(path.join(TESTS, file), 'utf8').includes(`test('${title}'`), `${file}: ${title}`)
  })
}
