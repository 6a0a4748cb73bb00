import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import {test} from 'node:test'
import {configuredBus} from '../../../src/bus/configured-bus.ts'
import {servicesFor} from '../../../src/bus/services.ts'
import {loadConfiguration} from '../../../src/config/load.ts'
import {settingsOf} from '../../../src/config/view.ts'
import {temporaryFolder} from '../../support/wait.ts'

test('the bus is recorded in the home folder unless the configuration says otherwise', t => {
  const file = `${temporaryFolder(t)}/amavisd.conf`
  const recordingBy = (text: string) => {
    writeFileSync(file, `$myhostname = 'mx.example.org'; $MYHOME = '/var/lib/filter'; ${text} 1;\n`)
    const loaded = loadConfiguration({files: [file]})
    assert.ok(loaded.kind !== 'failed')
    return configuredBus(settingsOf(loaded.snapshot)).recording
  }
  assert.deepEqual(recordingBy(''), {folder: '/var/lib/filter/bus-record', maxBytes: 64 * 1024 * 1024})
  assert.deepEqual(recordingBy(`$bus_recording_directory = '/srv/rec'; $bus_recording_size = 1024*1024;`), {
    folder: '/srv/rec',
    maxBytes: 1024 * 1024,
  })
  assert.equal(recordingBy('$bus_recording = 0;'), undefined)
  assert.equal(servicesFor({recording: recordingBy('')}).at(-1), 'flight-recorder')
  assert.equal(servicesFor({recording: undefined}).length, 3)
})
