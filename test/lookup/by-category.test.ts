import assert from 'node:assert/strict'
import {test} from 'node:test'
import {allByCategory, byCategory} from '../../src/lookup/by-category.ts'
import {lookupValue} from '../../src/lookup/lookup.ts'
import {settingsFrom} from './settings.ts'

const spam3 = [
  {major: 5, minor: 1},
  {major: 5, minor: 0},
  {major: 4, minor: 1},
  {major: 4, minor: 0},
  {major: 1, minor: 0},
]

test('the default destinies follow the simpler settings', () => {
  const settings = settingsFrom('$final_virus_destiny = D_REJECT;')
  assert.equal(byCategory(settings, '%final_destiny_maps_by_ccat', [{major: 9, minor: 0}]), -3)
  assert.equal(byCategory(settings, '%final_destiny_maps_by_ccat', [{major: 5, minor: 0}]), 1)
})

test('the highest category with an entry decides, undefined or not', () => {
  const settings = settingsFrom(`
    %defang_by_ccat = (CC_BADH, 'low', CC_SPAMMY.',1', undef);
    %admin_maps_by_ccat = (CC_BADH.',1', ['admin@a.test']);`)
  assert.equal(byCategory(settings, '%defang_maps_by_ccat', spam3), undefined)
  const admin = byCategory(settings, '%admin_maps_by_ccat', spam3)
  assert.equal(lookupValue(admin, 'x@y.z', settings), 'admin@a.test')
})

test('a blocking category with a minor number does not fall back to the major one', () => {
  const settings = settingsFrom(`%defang_by_ccat = (CC_BADH, 'major', CC_CATCHALL, 'all');`)
  assert.equal(byCategory(settings, '%defang_maps_by_ccat', [{major: 4, minor: 8}]), 'all')
})

test('all values of a hash come with the highest category first and the one for all others last', () => {
  const settings = settingsFrom(`%defang_by_ccat = (CC_BADH, 'low', CC_CATCHALL, 'all', CC_SPAMMY, undef);`)
  assert.deepEqual(allByCategory(settings, '%defang_maps_by_ccat', spam3), [undefined, 'low', 'all'])
})

test('the tag of unchecked mail is a list of the simpler setting', () => {
  const settings = settingsFrom(`$undecipherable_subject_tag = 'UN ';`)
  const tag = byCategory(settings, '%subject_tag_maps_by_ccat', [{major: 7, minor: 0}])
  assert.equal(lookupValue(tag, 'x@y.z', settings), 'UN ')
})
