/**
 * Guarantees: a host whose clock is ahead, or steadily behind, is told of once it is sure, again every hour while it lasts, and
 * when it is over; delays, backlogs and strays are no clocks; what was told survives a restart and goes with its tenant.
 */
import { describe, expect, test } from 'vitest'
import { type AssignedPartition, RECORD_KIND } from '../../../core/broker/broker.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import { FORWARDED_HEADER } from '../../../core/model/forwarding.ts'
import { hostClocks, readings } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import { ERASE_KIND } from '../../../processors/loop/erasure.ts'
import { Step } from '../../../processors/loop/step.ts'
import { createMeter } from '../../../processors/meter/meter.ts'
import { createMeterProcessor } from '../../../processors/meter/processor.ts'
import { StateBudget } from '../../../processors/meter/state/budget.ts'
import { at, energyAt, NOON_SECONDS } from './support.ts'

async function open() {
  const events: string[] = []
  const rows: RowOf<typeof hostClocks>[] = []
  const stored = new Map<string, Uint8Array>()
  const start = () =>
    createMeterProcessor({
      meter: createMeter({ metering: configSchema.parse({}).metering, isSensor: () => false }),
      retentionNano: 10n ** 18n,
      partitions: 1,
      events: {
        emit: (name: string, facts: { amount?: number }) => events.push(`${name} ${facts.amount}`),
      } as never,
      budget: new StateBudget(Number.POSITIVE_INFINITY, { emit: () => {} } as never),
      appendFlushes: async () => {},
    }).open({ partition: 0, loadState: async () => new Map(stored) } as unknown as AssignedPartition)
  let worker = await start()
  async function take(value: Uint8Array, seconds: number, headers: Record<string, string> = {}) {
    const step = new Step()
    await worker.apply({ value, headers, offset: 0n, timestampMs: Number(at(seconds) / 1_000_000n) }, step)
    await worker.finish?.(step)
    for (const [key, bytes] of step.state)
      bytes === null ? stored.delete(key) : stored.set(key, bytes.slice())
    for (const { stream, record } of step.outputs)
      if (stream === hostClocks.name) rows.push(...decodeRows(hostClocks, record.value))
  }
  return {
    rows,
    stored,
    clockEvents: () => events.filter(event => event.startsWith('hostClock')),
    /** A record of each host that comes `seconds` after noon and is dated `off` beside that. */
    async record(seconds: number, off: number, hosts = ['h1'], headers: Record<string, string> = {}) {
      const taken = seconds + off
      const some = hosts.map(Host =>
        energyAt(taken, BigInt(Math.round(seconds)) * 1_000_000n, { Host, HostName: Host }),
      )
      await take(encodeRows(readings, some), seconds, headers)
    },
    erase: (seconds: number) =>
      take(Buffer.from('{"tenant":"default"}'), seconds, { [RECORD_KIND]: ERASE_KIND }),
    async restart() {
      await worker.close?.()
      worker = await start()
    },
    told: () => rows.map(({ State, OffsetMs, Time }) => `${State} ${OffsetMs} ${Time - NOON_SECONDS}`),
  }
}

/** Records at a fixed interval of seconds. */
const every = (step: number, from: number, to: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step)

describe('tells of', () => {
  test.each([
    ['ahead', 12],
    ['ahead', 86_400],
    ['behind', -120],
    ['behind', -86_400],
  ])('a clock that is %s by %i s, and when it is right again', async (state, off) => {
    const { record, told, clockEvents } = await open()
    for (const second of every(5, 0, 1_000)) await record(second, second < 60 ? -1 : second < 700 ? off : -1)
    const [first, last, ...more] = told()
    expect(first).toMatch(new RegExp(`^${state} ${off * 1000} (180|3\\d\\d)$`))
    expect(last).toMatch(/^right -1000 \d+$/)
    expect(more).toEqual([])
    expect(clockEvents()).toEqual(['hostClockOff 1', 'hostClockRight 1'])
  })

  test('one that stays so every hour, also after a restart, and of a large change at once', async () => {
    const { record, restart, rows } = await open()
    for (const second of every(60, 0, 3 * 3_600)) {
      await record(second, second < 2 * 3_600 ? 30 : 3_000)
      if (second % 1_800 === 0) await restart()
    }
    const offsets = rows.map(({ OffsetMs }) => OffsetMs)
    expect(offsets.slice(0, 2)).toEqual([30_000n, 30_000n])
    expect(offsets).toContain(3_000_000n)
    expect(rows.length).toBeLessThanOrEqual(5)
  })

  test('many in one event', async () => {
    const { record, rows, clockEvents } = await open()
    const hosts = Array.from({ length: 50 }, (_, index) => `host-${index}`)
    for (const second of every(15, 0, 200)) await record(second, 60, hosts)
    expect(rows).toHaveLength(50)
    expect(clockEvents()).toEqual(['hostClockOff 50'])
  })
})

describe('takes for no clock', () => {
  test.each<[string, (second: number) => number]>([
    ['what is scraped every minute and comes a minute later', second => -60 - (second % 60)],
    ['a single reading that is far ahead', second => (second === 300 ? 3_000 : -1)],
    ['a backlog that is sent faster than it was taken', second => -7_200 + second * 8],
    ['readings that come by fits and starts', second => -100 - (second % 200)],
  ])('%s', async (_, off) => {
    const { record, told } = await open()
    for (const second of every(20, 0, 880)) await record(second, off(second))
    expect(told()).toEqual([])
  })

  test('what a forwarding node had kept', async () => {
    const { record, told } = await open()
    for (const second of every(20, 0, 880)) await record(second, -600, ['h1'], { [FORWARDED_HEADER]: '1' })
    expect(told()).toEqual([])
  })
})

test('what was told goes with its tenant', async () => {
  const { record, erase, stored, told } = await open()
  for (const second of every(15, 0, 200)) await record(second, 60)
  expect(told()).toHaveLength(1)
  await erase(210)
  expect([...stored.keys()].filter(key => key.includes('clock'))).toEqual([])
})
