// Guarantees: what the imported test does, over many more requests of each kind, and for a token limited to accounts.
import { expect, it } from 'vitest'
import '../../hostile/routes.test.ts'
import { attackRoutes, shownLeak } from '../../hostile/routes/isolation.ts'
import { LIMITED } from '../../hostile/worlds.ts'

it('some accounts: no route shows a value, a name or a count of others', async () => {
  const { leaks, wasKilled } = await attackRoutes(LIMITED, { seed: 19, perKind: 32 })
  expect(leaks.map(shownLeak)).toEqual([])
  expect(wasKilled).toBe(false)
})
