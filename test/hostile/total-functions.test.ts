// Guarantees: the functions that the fence considers total never fail, whatever a column contains (a few of all calls;
// all of them with `npm run hostile -- --part total-functions`).
import { expect, it } from 'vitest'
import { failuresOfTotal } from './total-functions.ts'

it('never fail for any value', async () => {
  expect(await failuresOfTotal(31, 0.02)).toEqual([])
})
