/**
 * Guarantees of how the engine is shared: a tenant is refused only because of its own statements; waiting is in order,
 * and turns rotate among tenants; a tenant that is not alone leaves room; no wait is endless, and a turn is returned
 * however its work ends. The limits hold for any order of arrival and departure.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAsking } from '../../../query/fair/asking.ts'
import { createFairness, urgencyOf } from '../../../query/fair/fairness.ts'
import { beginAnswer, paced } from '../../../query/fair/paced.ts'
import { createTenantLoad } from '../../../query/fair/tenant-load.ts'
import { createTurns, type Turns } from '../../../query/fair/turns.ts'
import { untilGivenBack } from '../../../query/fair/until-given-back.ts'

let nowMs = 0
const now = () => nowMs
const turnsWith = (options: Partial<Parameters<typeof createTurns>[0]> = {}): Turns =>
  createTurns({
    openOfTenant: 4,
    turns: 8,
    turnsOfTenant: { alone: 2, beside: 1 },
    load: createTenantLoad(now),
    asking: createAsking(now),
    now,
    ...options,
  })
const never = new AbortController().signal
/** Lets everything continue that can. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** A statement of one turn, which the test ends. */
function statement(turns: Turns, tenant: string, order: string[], name = tenant) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = turns.enter(tenant, open =>
    open.turn(async () => {
      order.push(name)
      await promise
    }, never),
  )
  done.catch(() => undefined)
  return { end: resolve, done }
}

describe('turns', () => {
  it('rotate among tenants, those without one first', async () => {
    const turns = turnsWith({ turns: 2, turnsOfTenant: { alone: 2, beside: 2 } })
    const order: string[] = []
    const noisy = ['a1', 'a2', 'a3', 'a4'].map(name => statement(turns, 'a', order, name))
    await settled()
    const b = statement(turns, 'b', order)
    const c = statement(turns, 'c', order)
    await settled()
    expect(order).toEqual(['a1', 'a2'])
    noisy[0]?.end()
    await settled()
    noisy[1]?.end()
    await settled()
    expect(order).toEqual(['a1', 'a2', 'b', 'c'])
    b.end()
    c.end()
    await settled()
    expect(order).toEqual(['a1', 'a2', 'b', 'c', 'a3', 'a4'])
    for (const one of noisy) one.end()
    await Promise.all([...noisy, b, c].map(({ done }) => done))
    expect(turns.counts).toEqual({ open: 0, running: 0, waiting: 0 })
  })

  it('refuse a tenant beyond its own limit, and no other', async () => {
    const turns = turnsWith()
    const order: string[] = []
    const mine = Array.from({ length: 4 }, () => statement(turns, 'a', order))
    await expect(turns.enter('a', async () => 1)).rejects.toMatchObject({
      code: 'too_many_queries',
      retryAfterSeconds: 1,
    })
    const other = statement(turns, 'b', order)
    await settled()
    expect(order).toEqual(['a', 'a', 'b'])
    for (const one of [...mine, other]) one.end()
    await Promise.all(mine.map(({ done }) => done))
  })

  it('leave room beside another tenant, and give everything to one that is alone', async () => {
    const turns = turnsWith()
    const order: string[] = []
    const b = statement(turns, 'b', order)
    const a = [1, 2, 3].map(() => statement(turns, 'a', order))
    await settled()
    expect(order).toEqual(['b', 'a'])
    b.end()
    await b.done
    nowMs += 60_000
    a[0]?.end()
    await settled()
    expect(order).toEqual(['b', 'a', 'a', 'a'])
    for (const one of a) one.end()
    await Promise.all(a.map(({ done }) => done))
  })

  it('keep a last quarter for tenants without a turn', async () => {
    const turns = turnsWith({ turns: 4, turnsOfTenant: { alone: 4, beside: 4 } })
    const order: string[] = []
    const a = Array.from({ length: 4 }, () => statement(turns, 'a', order))
    await settled()
    expect(order).toEqual(['a', 'a', 'a'])
    const b = statement(turns, 'b', order)
    await settled()
    expect(order).toEqual(['a', 'a', 'a', 'b'])
    for (const one of [...a, b]) one.end()
    await Promise.all(a.map(({ done }) => done))
  })

  it('end waiting with the signal or the time, and leave the queue then', async () => {
    const turns = turnsWith({ turnsOfTenant: { alone: 1, beside: 1 } })
    const first = statement(turns, 'a', [])
    const gone = new AbortController()
    const waiting = turns.enter('a', open => open.turn(async () => 1, gone.signal))
    const bounded = turns.enter('a', open => open.turn(async () => 1, never, { waitMs: 5 }))
    await settled()
    gone.abort(new Error('went away'))
    await expect(waiting).rejects.toThrow('went away')
    await expect(bounded).rejects.toMatchObject({ code: 'too_many_queries', retryAfterSeconds: 1 })
    expect(turns.counts).toEqual({ open: 1, running: 1, waiting: 0 })
    first.end()
    await first.done
  })

  it('try a statement briefly that would have to wait, one at a time, and let it wait if that was too short', async () => {
    const turns = turnsWith({ turnsOfTenant: { alone: 1, beside: 1 } })
    const first = statement(turns, 'a', [])
    const over = new Error('over')
    const isOver = (error: unknown): boolean => error === over
    const small = turns.enter('a', open =>
      open.turn(async () => 'in turn', never, { brief: { work: async () => 'tried', isOver } }),
    )
    expect(await small).toBe('tried')
    const tries: string[] = []
    const end = Promise.withResolvers<string>()
    const heavy = ['b', 'c'].map(name =>
      turns.enter('a', open =>
        open.turn(async () => `${name} in turn`, never, {
          brief: {
            work: () => {
              tries.push(name)
              return end.promise
            },
            isOver,
          },
        }),
      ),
    )
    await settled()
    expect([tries, turns.counts]).toEqual([['b'], { open: 3, running: 2, waiting: 1 }])
    end.reject(over)
    await settled()
    expect(turns.counts).toEqual({ open: 3, running: 1, waiting: 2 })
    first.end()
    expect(await Promise.all(heavy)).toEqual(['b in turn', 'c in turn'])
    const failing = statement(turns, 'a', [])
    const wrong = turns.enter('a', open =>
      open.turn(async () => 1, never, { brief: { work: () => Promise.reject(new Error('wrong')), isOver } }),
    )
    await expect(wrong).rejects.toThrow('wrong')
    const gone = new AbortController()
    const given = turns.enter('a', open =>
      open.turn(async () => 1, gone.signal, {
        brief: {
          work: async () => {
            gone.abort(new Error('went away'))
            throw over
          },
          isOver,
        },
      }),
    )
    await expect(given).rejects.toThrow('went away')
    failing.end()
    await failing.done
    expect(turns.counts).toEqual({ open: 0, running: 0, waiting: 0 })
  })

  it('are not tried for a tenant with much recent usage', async () => {
    const load = createTenantLoad(now)
    load.add('a', 10)
    const turns = turnsWith({ load, turnsOfTenant: { alone: 1, beside: 1 } })
    const first = statement(turns, 'a', [])
    const next = turns.enter('a', open =>
      open.turn(async () => 'in turn', never, { brief: { work: async () => 'tried', isOver: () => true } }),
    )
    await settled()
    expect(turns.counts).toEqual({ open: 2, running: 1, waiting: 1 })
    first.end()
    expect(await next).toBe('in turn')
  })

  it('are returned when the work fails', async () => {
    const turns = turnsWith({ turnsOfTenant: { alone: 1, beside: 1 } })
    const failing = turns.enter('a', open => open.turn(() => Promise.reject(new Error('no')), never))
    await expect(failing).rejects.toThrow('no')
    expect(await turns.enter('a', open => open.turn(async () => 3, never))).toBe(3)
  })

  it('respect every limit, and let every statement end, in any order', async () => {
    const step = fc.record({
      tenant: fc.constantFrom('a', 'b', 'c', 'd'),
      turns: fc.nat(3),
      ticks: fc.nat(4),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
        const turns = turnsWith({ turns: 3, turnsOfTenant: { alone: 2, beside: 1 } })
        const running = new Map<string, number>()
        let [together, most, mostOfTenant, refused, ended] = [0, 0, 0, 0, 0]
        const work = async (tenant: string, ticks: number): Promise<void> => {
          together += 1
          running.set(tenant, (running.get(tenant) ?? 0) + 1)
          most = Math.max(most, together)
          mostOfTenant = Math.max(mostOfTenant, running.get(tenant) ?? 0)
          for (let tick = 0; tick < ticks; tick++) await settled()
          together -= 1
          running.set(tenant, (running.get(tenant) ?? 0) - 1)
        }
        await Promise.all(
          steps.map(({ tenant, turns: times, ticks }) =>
            turns
              .enter(tenant, async open => {
                for (let time = 0; time < times; time++) await open.turn(() => work(tenant, ticks), never)
                ended += 1
              })
              .catch(() => {
                refused += 1
              }),
          ),
        )
        expect([most <= 3, mostOfTenant <= 2, refused + ended]).toEqual([true, true, steps.length])
        const asked = Map.groupBy(steps, ({ tenant }) => tenant)
        const tooMany = [...asked.values()].reduce((sum, of) => sum + Math.max(0, of.length - 4), 0)
        expect(refused).toBe(tooMany)
        expect(turns.counts).toEqual({ open: 0, running: 0, waiting: 0 })
      }),
      { seed: 33, numRuns: 60 },
    )
  })
})

it('last until the engine has released an abandoned statement', async () => {
  const turns = turnsWith({ turnsOfTenant: { alone: 1, beside: 1 } })
  const engine = Promise.withResolvers<void>()
  const client = new AbortController()
  const given = turns.enter('a', entered => {
    const open = untilGivenBack(entered)
    return open.turn(async () => {
      open.onTaken(engine.promise)
      await new Promise((_, reject) =>
        client.signal.addEventListener('abort', () => reject(client.signal.reason)),
      )
    }, client.signal)
  })
  client.abort(new Error('went away'))
  await settled()
  expect(turns.counts).toEqual({ open: 1, running: 1, waiting: 0 })
  const next = turns.enter('a', open => open.turn(async () => 'next', never))
  expect(await turns.enter('b', open => open.turn(async () => 'other', never))).toBe('other')
  await settled()
  expect(turns.counts).toEqual({ open: 2, running: 1, waiting: 1 })
  engine.resolve()
  await expect(given).rejects.toThrow('went away')
  expect(await next).toBe('next')
})

describe('the usage of a tenant', () => {
  it('decays, and lowers its priority', () => {
    const load = createTenantLoad(now)
    expect(load.rank('a')).toBe(0)
    load.add('a', 2)
    expect([load.rank('a'), load.rank('b')]).toEqual([1, 0])
    load.add('a', 10)
    expect(load.rank('a')).toBe(2)
    nowMs += 60_000
    expect(load.rank('a')).toBe(0)
    for (let tenant = 0; tenant < 3_000; tenant++) load.add(`t${tenant}`, 10)
    expect([load.rank('t0'), load.rank('t2999')]).toEqual([0, 2])
  })

  it('becomes a nice value, and one thread beside others', () => {
    expect(urgencyOf('own', { rank: 0, isAlone: false })).toEqual({ nice: 0, isNarrow: false })
    expect(urgencyOf('sql', { rank: 2, isAlone: true })).toEqual({ nice: 19, isNarrow: false })
    expect(urgencyOf('sql', { rank: 1, isAlone: false })).toEqual({ nice: 12, isNarrow: true })
  })

  it('leaves a core to others, on any machine', async () => {
    for (const [cores, beside] of [
      [1, 1],
      [2, 1],
      [4, 3],
      [64, 8],
    ] as const) {
      const { sql } = createFairness({ concurrent: 8, isEmbedded: true, cores, now })
      const order: string[] = []
      const b = statement(sql, 'b', [])
      const a = Array.from({ length: 8 }, () => statement(sql, 'a', order))
      await settled()
      expect([cores, order.length]).toEqual([cores, beside])
      for (const one of [b, ...a]) one.end()
      await Promise.all(a.map(({ done }) => done))
    }
  })

  it("never uses up turns of the product's own queries for user SQL", async () => {
    const { sql, own } = createFairness({ concurrent: 8, isEmbedded: true, cores: 2, now })
    const noisy = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap(tenant =>
      Array.from({ length: 8 }, () => statement(sql, tenant, [])),
    )
    expect(await own.enter('a', open => open.turn(async () => 'answered', never))).toBe('answered')
    for (const one of noisy) one.end()
    await Promise.all(noisy.map(({ done }) => done))
  })
})

describe('a paced answer', () => {
  async function* pieces(count: number, log: string[]): AsyncGenerator<Uint8Array> {
    try {
      for (let index = 0; index < count; index++) yield Buffer.alloc(40_000, index)
    } finally {
      log.push('closed')
    }
  }

  it('takes a turn for each piece, and none while its reader pauses', async () => {
    const turns = turnsWith({ turnsOfTenant: { alone: 1, beside: 1 } })
    const log: string[] = []
    await turns.enter('a', async open => {
      const start = await open.turn(() => beginAnswer(pieces(5, log)), never)
      expect([start.head.length, start.rest === null]).toEqual([2, false])
      const answer = paced(start, open, never)
      for (let index = 0; index < 4; index++) await answer.next()
      expect(turns.counts).toEqual({ open: 1, running: 0, waiting: 0 })
      expect(await turns.enter('a', other => other.turn(async () => 'meanwhile', never))).toBe('meanwhile')
      expect((await answer.next()).value).toEqual(Buffer.alloc(40_000, 4))
      expect((await answer.next()).done).toBe(true)
    })
    expect(log).toEqual(['closed'])
  })

  it('closes its source when it is abandoned or its time is over', async () => {
    const turns = turnsWith()
    for (const how of ['left', 'over'] as const) {
      const log: string[] = []
      const over = new AbortController()
      await turns.enter('a', async open => {
        const answer = paced(await beginAnswer(pieces(9, log)), open, over.signal)
        for (let index = 0; index < 3; index++) await answer.next()
        if (how === 'left') await answer.return(undefined)
        else {
          over.abort(new Error('over'))
          await expect(answer.next()).rejects.toThrow('over')
        }
      })
      expect(log).toEqual(['closed'])
    }
  })
})
