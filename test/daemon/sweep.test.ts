import assert from 'node:assert/strict'
import {existsSync, mkdirSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs'
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

const COMMANDS = new Map([
  [1001, 'amavis (ch3-avail)'],
  [1002, 'sh'],
  [1003, 'amavis-milter in (worker)'],
  [1004, '/usr/bin/node --expose-gc /opt/amavis/dist/bundle/milter-worker-main.js'],
])

test('only folders of children that are gone are removed, never one with a reason beside it', t => {
  const base = temporaryFolder(t)
  const processes: ProcessTable = {
    exists: pid => COMMANDS.has(pid),
    commandLine: pid => COMMANDS.get(pid),
  }
  const make = (pid: number, random: string) => {
    const folder = path.join(base, folderName(new Date(), pid, random))
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'email.txt'), 'x')
    return folder
  }
  const [gone, alive, reused, preserved] = [make(999, 'a'), make(1001, 'b'), make(1002, 'c'), make(999, 'd')]
  const ofMilter = [make(1003, 'e'), make(1004, 'f')]
  writeFileSync(`${preserved}.reason`, 'why\n')
  writeFileSync(path.join(base, folderName(new Date(), 999, 'file')), 'no folder')
  assert.deepEqual([...sweepOrphans(base, processes)].sort(), [gone, reused].sort())
  assert.deepEqual([gone, alive, reused, preserved].map(existsSync), [false, true, false, true])
  assert.deepEqual(ofMilter.map(existsSync), [true, true])
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

test('of much evidence the newest is shown, and what is no file is passed over', t => {
  const base = temporaryFolder(t)
  const name = (hour: number) => path.join(base, folderName(new Date(2026, 10, 22, hour), 999, `h${hour}`))
  for (const hour of [9, 7, 8, 10]) {
    writeFileSync(`${name(hour)}.reason`, `${hour} o'clock\n`)
    utimesSync(`${name(hour)}.reason`, new Date(), new Date(2026, 10, 22, hour))
  }
  symlinkSync(`${name(10)}.reason`, `${name(11)}.reason`)
  mkdirSync(`${name(12)}.reason`)
  const reasons = (most: number) => preservedEvidence(base, most).map(({reason}) => reason)
  assert.deepEqual(reasons(4), ["10 o'clock", "9 o'clock"])
  assert.deepEqual(reasons(100), ["10 o'clock", "9 o'clock", "8 o'clock", "7 o'clock"])
})
