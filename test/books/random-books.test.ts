// Guarantees: what the meter books, with readings in any order, split into records and with minutes closed in between,
// equals to the last row an independent computation over all readings. `npm run books` does the same for 100,000 host
// minutes.
import { expect, it } from 'vitest'
import { runs } from '../support/runs.ts'
import { compareScene, HOSTS, MINUTES, textOf } from './compared.ts'

const SCENES = runs(4)

it('books the same rows as recomputing', () => {
  const found = { minutes: 0, late: 0 }
  for (let seed = 1; seed <= SCENES; seed++) {
    const { minutes, late, difference } = compareScene(seed, HOSTS, MINUTES)
    if (difference !== null) {
      expect(`seed ${seed}, ${difference.host}\n${textOf(difference.metered)}`).toBe(textOf(difference.right))
    }
    found.minutes += minutes
    found.late += late
  }
  // Most hosts have no late data, so the comparison is not empty.
  expect(found.minutes).toBeGreaterThan(60 * SCENES)
  expect(found.minutes).toBeGreaterThan(2 * found.late)
})
