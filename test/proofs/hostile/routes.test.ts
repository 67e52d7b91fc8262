// Guarantees: no route that reads shows a value, a name or a count of what the caller may not see: each request has the same status,
// headers and body with and without the rows of others. For a token of a whole tenant, and for one of some accounts.
import { expect, it } from 'vitest'
import { attackRoutes, requestKinds, shownLeak } from '../../hostile/routes/isolation.ts'
import { LIMITED, WHOLE } from '../../hostile/worlds.ts'

const SEED = 19
/** Requests of each kind. */
const PER_KIND = 32

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

it('some accounts: no route shows a value, a name or a count of others', async () => {
  const { leaks, wasKilled } = await attackRoutes(LIMITED, { seed: SEED, perKind: PER_KIND })
  expect(leaks.map(shownLeak)).toEqual([])
  expect(wasKilled).toBe(false)
})
