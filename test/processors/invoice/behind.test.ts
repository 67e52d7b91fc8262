/**
 * Guarantees: tables are complete when each stage has read what there was once the stage before it had caught up; until then it is said
 * who is behind, and what comes later is not waited for.
 */
import { expect, it } from 'vitest'
import type { PartitionLag } from '../../../core/broker/broker.ts'
import { catchingUpForBills } from '../../../processors/invoice/behind.ts'

it('waits stage by stage, for what there is when a stage begins', async () => {
  const lags: Record<string, PartitionLag[]> = {}
  const set = (name: string, ...pairs: readonly (readonly [committed: bigint, end: bigint])[]): void => {
    lags[name] = pairs.map(([committed, end], partition) => ({
      partition,
      committed,
      end,
      oldestPendingMs: null,
    }))
  }
  set('meter readings', [5n, 8n], [2n, 2n])
  set('rate energy', [0n, 0n])
  set('store ledger', [0n, 1n])
  set('store billing', [4n, 4n])
  const catching = catchingUpForBills({ lag: async (group, stream) => lags[`${group} ${stream}`] ?? [] })
  expect(await catching.behind()).toBe('meter has 3 records of readings still to read')
  // Twenty more are not waited for.
  set('meter readings', [7n, 28n], [2n, 2n])
  expect(await catching.behind()).toBe('meter has 1 records of readings still to read')
  set('rate energy', [3n, 4n])
  set('meter readings', [8n, 28n], [2n, 2n])
  expect(await catching.behind()).toBe('rate has 1 records of energy still to read')
  set('rate energy', [4n, 4n])
  set('store ledger', [0n, 2n])
  expect(await catching.behind()).toBe('store has 2 records of ledger still to read')
  set('store ledger', [2n, 9n])
  expect(await catching.behind()).toBeNull()
})
