// Guarantees: never more concurrent jobs than items, waiting jobs in order, an item is returned whatever its job does,
// and closing waits for running jobs and refuses waiting and later ones.
import { expect, it } from 'vitest'
import { Pool } from '../../../core/warehouse/pool.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

it('runs at most as many jobs as it has items, and all of them in order', async () => {
  const pool = new Pool([0, 1])
  const order: number[] = []
  const busy = new Set<number>()
  const job = (number: number) =>
    pool.use(async item => {
      expect(busy.has(item)).toBe(false)
      busy.add(item)
      order.push(number)
      await turn()
      busy.delete(item)
      return number
    })
  const results = await Promise.all(Array.from({ length: 9 }, (_, number) => job(number)))
  expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect(order).toEqual(results)
})

it('gives the item back after a failure', async () => {
  const pool = new Pool(['only'])
  await expect(pool.use(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await pool.use(item => Promise.resolve(item))).toBe('only')
})

it('closes after running jobs', async () => {
  const pool = new Pool(['only'])
  let finish = (): void => undefined
  const running = pool.use(() => new Promise<void>(resolve => (finish = resolve)))
  const waiting = expect(pool.use(turn)).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  await turn()
  let closed = false
  const closing = pool.close().then(items => {
    closed = true
    return items
  })
  await waiting
  await turn()
  expect(closed).toBe(false)
  finish()
  await running
  expect(await closing).toEqual(['only'])
  await expect(pool.use(turn)).rejects.toMatchObject({ code: 'warehouse_unavailable' })
})
