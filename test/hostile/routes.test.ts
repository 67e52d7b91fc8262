import { expect, it } from 'vitest'
import { runs } from '../support/runs.ts'
import { attackRoutes, requestKinds, shownLeak } from './routes/isolation.ts'
import { WHOLE } from './worlds.ts'

const SEED = 19
/** Of each kind in `npm test`; the proofs have several times as many. */
const PER_KIND = runs(4)

it('all of a tenant: no route shows a value, a name or a count of others', async () => {
  const { attacks, leaks, answered, seenByOthers, wasKilled, routes } = await attackRoutes(WHOLE, {
    seed: SEED,
    perKind: PER_KIND,
  })
  expect(leaks.map(shownLeak)).toEqual([])
  expect(wasKilled).toBe(false)
  expect(answered).toBeGreaterThan(0.4 * attacks.length)
  // The attacks reach hidden rows: their owner sees them in many answers.
  expect(seenByOthers.length).toBeGreaterThan(
    0.2 * attacks.filter(({ isAskedByOthers }) => isAskedByOthers).length,
  )
  const kinds = requestKinds(SEED, WHOLE)
  expect(
    routes.filter(route => route.startsWith('GET ') && !kinds.some(kind => kind.routes.test(route))),
  ).toEqual([])
})
