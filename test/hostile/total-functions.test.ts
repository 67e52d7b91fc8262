// Guarantees: what the fence takes for functions that never fail does not, whatever a column holds (a few of all calls; all of
// them by `npm run hostile -- --part total-functions`).
import { expect, it } from 'vitest'
import { failuresOfTotal } from './total-functions.ts'

it('never fail for any value', async () => {
  expect(await failuresOfTotal(31, 0.02)).toEqual([])
})
