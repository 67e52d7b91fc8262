/**
 * Guarantees: a machine that agents know by its cloud's id, sensors by the machine's id, and exporters by its name is one host, in
 * whatever order they come, over any partitions, and each joule is booked once; configuration undoes it.
 */
import { describe, expect, test } from 'vitest'
import type { HostRules } from '../../../core/books/host-join.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { fleet, NOON_MS } from './fleet.ts'
import { at, energyAt, modeAt, type Reading, reading, totalUj } from './support.ts'

const MACHINE = 'ab'.repeat(16)
const INSTANCE = 'i-0abc1234def567890'
const NUMBER = '4520031799277581759'
const PLACE = 'gce://shop/europe-west1-b/node-1'
const uj = (seconds: number): bigint => BigInt(seconds) * 60_000_000n

/** The sensors: 60 W, 8 CPUs. */
const sensors = (seconds: number): Reading[] => {
  const own = { Host: MACHINE, HostName: 'node-1', Source: 'rapl' }
  return [
    energyAt(seconds, uj(seconds), own),
    modeAt(seconds, 'user', BigInt(seconds) * 2_000_000n, own),
    modeAt(seconds, 'idle', BigInt(seconds) * 6_000_000n, own),
  ]
}
/** The same package by an agent that detects the cloud, under an id of the cloud. */
const agent =
  (Host: string) =>
  (seconds: number): Reading[] => [
    energyAt(seconds, uj(seconds) + 7n, { Host, HostName: 'node-1', Source: 'otlp:hw.energy' }),
    modeAt(seconds, 'user', BigInt(seconds) * 2_000_000n, {
      ...{ Host, HostName: 'node-1', Source: 'otlp:system.cpu.time' },
    }),
  ]
/** The same by an exporter that knows the node's name. */
const exporter = (seconds: number): Reading[] => [
  energyAt(seconds, uj(seconds) + 9n, { Host: 'node-1', HostName: 'node-1', Source: 'kepler:x' }),
]
const says =
  (Host: string, HostName: string) =>
  (seconds: number): Reading[] =>
    seconds % 120 !== 0
      ? []
      : [
          reading({
            ...{ Host, HostName, Quantity: 'identity', Domain: '', Value: 1n },
            ...{ Timestamp: at(seconds), Source: 'kubernetes', BootId: '' },
          }),
        ]

async function played(
  partitions: number,
  senders: readonly ((seconds: number) => Reading[])[],
  { rules, restartAt = -1 }: { readonly rules?: HostRules; readonly restartAt?: number } = {},
) {
  const played = await fleet(partitions, undefined, rules)
  for (let seconds = 0; seconds <= 360; seconds += 15) {
    for (const sender of senders) await played.record(sender(seconds), seconds)
    if (seconds === restartAt) await played.restart()
  }
  for (const host of [MACHINE, INSTANCE, NUMBER, 'node-1']) await played.flush(host, 420)
  return played
}

const inMinute = (rows: readonly EnergyRow[], minute: number): EnergyRow[] =>
  rows.filter(row => row.WindowStart === NOON_MS / 1000 + minute * 60)
const books = (rows: readonly EnergyRow[], minute: number) => {
  const found = inMinute(rows, minute)
  return [[...new Set(found.map(row => row.Host))].sort().join(), totalUj(found)]
}
const ONCE = 3_600_000_000n

describe.each([1, 5])('over %i partitions', partitions => {
  const scenes = {
    'AWS: sensors, agent, exporter; the API says the provider’s id': [
      sensors,
      agent(INSTANCE),
      exporter,
      says(MACHINE, INSTANCE),
    ],
    'Google: the agent and the API say the same place': [
      sensors,
      agent(NUMBER),
      exporter,
      says(MACHINE, PLACE),
      says(NUMBER, PLACE),
    ],
    'kube-state-metrics says it of the name': [
      sensors,
      agent(NUMBER),
      says('node-1', PLACE),
      says(NUMBER, PLACE),
    ],
  }
  test.each(Object.entries(scenes))('%s', async (_, senders) => {
    for (const order of [senders, senders.toReversed()]) {
      const { rows, events } = await played(partitions, order, { restartAt: 150 })
      for (const minute of [1, 2, 3, 4, 5]) expect(books(rows, minute)).toEqual([MACHINE, ONCE])
      const all = [0, 1, 2, 3, 4, 5].map(minute => books(rows, minute)[1])
      expect(all.every(one => one === ONCE)).toBe(true)
      expect(events.filter(name => name === 'hostNameShared').length).toBeLessThanOrEqual(1)
    }
  })

  test('without sensors, the node’s name is the machine', async () => {
    const { rows } = await played(partitions, [says('node-1', INSTANCE), agent(INSTANCE), exporter])
    for (const minute of [1, 2, 3, 4, 5]) expect(books(rows, minute)).toEqual(['node-1', ONCE])
  })

  test('what was booked under the cloud’s id is not booked again', async () => {
    const late = (seconds: number): Reading[] => (seconds < 180 ? [] : sensors(seconds))
    const said = (seconds: number): Reading[] => (seconds < 180 ? [] : says(MACHINE, INSTANCE)(seconds - 60))
    const { rows } = await played(partitions, [agent(INSTANCE), late, said])
    const sum = [0, 1, 2, 3, 4, 5].map(minute => books(rows, minute)[1] as bigint)
    expect(sum.every(one => one <= ONCE)).toBe(true)
    expect([books(rows, 0), books(rows, 5)]).toEqual([
      [INSTANCE, ONCE],
      [MACHINE, ONCE],
    ])
  })

  test('an id that is configured to be separate, and one that two machines claim', async () => {
    const rules = { aliases: {}, separate: [INSTANCE] }
    const senders = [sensors, agent(INSTANCE), says(MACHINE, INSTANCE)]
    expect(books((await played(partitions, senders, { rules })).rows, 3)).toEqual([
      `${MACHINE},${INSTANCE}`,
      2n * ONCE,
    ])
    const contested = await played(partitions, [...senders, says('cd'.repeat(16), INSTANCE)])
    expect(contested.events).toContain('hostNameShared')
  })
})
