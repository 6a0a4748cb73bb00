/**
 * settings — a configuration text as settings, for tests of look-ups.
 */
import assert from 'node:assert/strict'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {loadConfiguration} from '../../src/config/load.ts'
import {problemText} from '../../src/config/problem.ts'
import type {Settings} from '../../src/config/settings.ts'
import type {Snapshot} from '../../src/config/snapshot.ts'
import {settingsOf} from '../../src/config/view.ts'

export function settingsFrom(text: string): Settings {
  return settingsOf(snapshotFrom(text))
}

export function snapshotFrom(text: string): Snapshot {
  const folder = mkdtempSync(path.join(tmpdir(), 'amavis-lookup-'))
  try {
    const file = path.join(folder, 'amavisd.conf')
    writeFileSync(file, text)
    const host = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: undefined}
    const result = loadConfiguration({files: [file], host, env: {}})
    if (result.kind === 'failed') assert.fail(result.problems.map(problemText).join('\n'))
    return result.snapshot
  } finally {
    rmSync(folder, {recursive: true})
  }
}
