import assert from 'node:assert/strict'
import {mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import type {Processes} from '../../src/bus/minder-table.ts'
import {MemoryTable, memoryReader, memoryText} from '../../src/tui/children/memory.ts'
import {temporaryFolder} from '../support/wait.ts'

const OURS: Processes = {probe: () => 'alive', signal: () => 'denied'}
const LOCAL = 'tcp://127.0.0.1:23232'

test('RSS and PSS come from the kernel; where PSS may not be read there is RSS; of a foreign pid there is nothing', t => {
  const folder = temporaryFolder(t)
  const put = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, file)), {recursive: true})
    writeFileSync(path.join(folder, file), text)
  }
  put('100/smaps_rollup', '00400000-7fff [rollup]\nRss:   86016 kB\nPss:    24576 kB\nPss_Anon: 9 kB\n')
  put('101/status', 'Name:\tnode\nVmRSS:\t   51200 kB\n')
  const read = memoryReader(OURS, folder)
  assert.equal(memoryText(read({endpoint: LOCAL, pid: 100})), '84/24')
  assert.equal(memoryText(read({endpoint: LOCAL, pid: 101})), '50/-')
  assert.equal(read({endpoint: LOCAL, pid: 102}), undefined)
  assert.equal(read({endpoint: 'tcp://mx9.example.com:23232', pid: 100}), undefined)
  assert.equal(memoryReader({...OURS, probe: () => 'gone'}, folder)({endpoint: LOCAL, pid: 100}), undefined)
})

test('of a thousand children few are read in one go, and all of them in turn', () => {
  let readings = 0
  const table = new MemoryTable(({pid}) => {
    readings++
    return {rssBytes: pid, pssBytes: undefined}
  })
  const all = Array.from({length: 1000}, (_, i) => [`k${i}`, {endpoint: LOCAL, pid: i}] as const)
  table.refresh(all.slice(0, 20), all)
  assert.ok(readings <= 100, `${readings} readings`)
  assert.equal(table.of('k5')?.rssBytes, 5)
  for (let i = 0; i < 30; i++) table.refresh(all.slice(0, 20), all)
  assert.equal(table.of('k999')?.rssBytes, 999)
  table.refresh([], [])
  assert.equal(table.of('k999'), undefined)
})
