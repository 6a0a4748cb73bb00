/** What the README prints for Postfix is the recipe that the interoperation tests run. */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {readRecipe} from '../support/recipe.ts'

test('the README prints the first recipe of docs/postfix.md', () => {
  assert.deepEqual(
    [...readRecipe('README.md', 'Put it behind Postfix')],
    [...readRecipe('docs/postfix.md', 'After the queue')],
  )
})
