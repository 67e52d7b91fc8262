/** Guarantees: the answer of `wattline recompute` says when minutes that were too young are complete, and nothing where none were. */
import { expect, test } from 'vitest'
import { rendered } from '../../cli/recompute.ts'
import { Recomputations } from '../../processors/recompute/recomputations.ts'

const NOON = Date.UTC(2026, 10, 30, 12) / 1000

async function answered(to: number, options: { readonly reason?: 'recomputed' | 'factors_revised' } = {}) {
  const recomputations = new Recomputations({
    broker: { append: async () => [], lag: async () => ({}), partitions: () => 1 } as never,
    now: () => NOON * 1000 + 12_000,
  })
  // 30 s of lateness, 300 s without a sign of life, and the minute itself.
  recomputations.use({ openMs: 390_000 } as never)
  const { reason = 'recomputed' } = options
  return recomputations.begin({ tenant: null, host: null, from: NOON - 7200, to, reason }, true)
}

test('recent minutes', async () => {
  const answer = await answered(NOON)
  expect(answer.again_at).toBe('2026-11-30T12:07:00.000Z')
  expect(rendered({ ...answer, state: 'done' })).toMatch(
    /^The ledger from .*\nThe last minutes are recent\. .* if you run it again after 2026-11-30T12:07:00.000Z\.\n$/,
  )
})

test('older minutes, and prices, which are of closed minutes', async () => {
  const old = await answered(NOON - 3600)
  expect(old.again_at).toBeNull()
  expect(rendered({ ...old, state: 'done' })).not.toContain('recent')
  expect((await answered(NOON, { reason: 'factors_revised' })).again_at).toBeNull()
})
