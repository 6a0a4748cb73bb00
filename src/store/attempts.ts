/**
 * attempts — what was already done for mails that their clients were told to bring again; an SQLite file that all
 * children share.
 *
 * Loaded when it is needed: while no mail is deferred there is no file, or one too old to have anything in it. Entries
 * live for five days, as long as MTAs try; there are only so many. Losing them costs no mail, so nothing is synced.
 */
import {statSync} from 'node:fs'
import {DatabaseSync} from 'node:sqlite'

/** How long an MTA tries, usually. */
const KEPT_MS = 5 * 86_400_000
const MOST_ENTRIES = 200_000
/** Another child may be writing. */
const BUSY_MS = 500
/** Writes until old entries are looked for again. */
const SWEEP_EVERY = 50

export interface Attempts {
  /** What was done for a mail, by what it is called; the values are the caller's. */
  recall(key: Buffer): ReadonlyMap<string, string>
  remember(key: Buffer, done: ReadonlyMap<string, string>): void
  close(): void
}

/** Whether there may be anything in the file; costs one look at it. */
export function mayHaveAttempts(file: string, now: number): boolean {
  const found = statSync(file, {throwIfNoEntry: false})
  return found !== undefined && now - found.mtimeMs < KEPT_MS
}

/** @throws Error when the file cannot be opened, or is no database of ours; so do its methods */
export function openAttempts(
  file: string,
  {now = Date.now, most = MOST_ENTRIES}: {readonly now?: () => number; readonly most?: number} = {},
): Attempts {
  const database = new DatabaseSync(file, {timeout: BUSY_MS})
  database.exec(`PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS done (key BLOB, what TEXT, value TEXT, at INTEGER, PRIMARY KEY (key, what)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS done_at ON done (at)`)
  const select = database.prepare('SELECT what, value FROM done WHERE key = ? AND at > ?')
  const insert = database.prepare('INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?)')
  const expire = database.prepare('DELETE FROM done WHERE at <= ?')
  const newer = database.prepare('SELECT at FROM done ORDER BY at DESC LIMIT 1 OFFSET ?')
  let writes = 0
  const sweep = () => {
    const oldest = newer.get(most)?.['at']
    expire.run(Math.max(now() - KEPT_MS, typeof oldest === 'number' ? oldest : 0))
  }
  return {
    recall(key) {
      const rows = select.all(key, now() - KEPT_MS)
      return new Map(rows.map(({what, value}) => [String(what), String(value)]))
    },
    remember(key, done) {
      database.exec('BEGIN IMMEDIATE')
      try {
        const at = now()
        for (const [what, value] of done) insert.run(key, what, value, at)
        if (writes++ % SWEEP_EVERY === 0) sweep()
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}
