import assert from 'node:assert/strict'
import {existsSync, mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {folderOwner, preservedEvidence, sweepOrphans} from '../../src/daemon/sweep.ts'
import type {ProcessTable} from '../../src/process/process-table.ts'
import {folderName} from '../../src/session/spool.ts'
import {temporaryFolder} from '../support/wait.ts'

test('the owner of a work folder stands in its name, whatever its random part is', () => {
  assert.equal(folderOwner(folderName(new Date(), 42, 'a-b_c-12')), 42)
  assert.equal(folderOwner(folderName(new Date(), 4194304)), 4194304)
  for (const name of ['amavis-milter-x', 'amavisd.pid', 'amavis-2026-12345-x', 'x']) {
    assert.equal(folderOwner(name), undefined, name)
  }
})

test('only folders of children that are gone are removed, never one with a reason beside it', t => {
  const base = temporaryFolder(t)
  const processes: ProcessTable = {
    exists: pid => pid === 1001 || pid === 1002,
    commandLine: pid => (pid === 1001 ? 'amavis (ch3-avail)' : 'sh'),
  }
  const make = (pid: number, random: string) => {
    const folder = path.join(base, folderName(new Date(), pid, random))
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'email.txt'), 'x')
    return folder
  }
  const [gone, alive, reused, preserved] = [make(999, 'a'), make(1001, 'b'), make(1002, 'c'), make(999, 'd')]
  writeFileSync(`${preserved}.reason`, 'why\n')
  writeFileSync(path.join(base, folderName(new Date(), 999, 'file')), 'no folder')
  assert.deepEqual([...sweepOrphans(base, processes)].sort(), [gone, reused].sort())
  assert.deepEqual([gone, alive, reused, preserved].map(existsSync), [false, true, false, true])
  const evidence = preservedEvidence(base)
  assert.deepEqual(
    evidence.map(({folder, reason}) => [folder, reason]),
    [[preserved, 'why']],
  )
  assert.ok(Math.abs(evidence[0]!.at - Date.now()) < 60_000)
})

test('a base that does not exist is nothing to sweep', () => {
  assert.deepEqual(sweepOrphans('/nonexistent'), [])
  assert.deepEqual(preservedEvidence('/nonexistent'), [])
})
