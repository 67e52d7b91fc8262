/**
 * Guarantees: a machine that some senders call by its id and others by its name alone is one host, whichever partition each
 * lies in, whoever speaks first, across restarts; two machines of one name stay apart, and that is said.
 */
import { describe, expect, test } from 'vitest'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { fleet, NOON_MS } from './fleet.ts'
import { energyAt, modeAt, type Reading, totalUj, workAt } from './support.ts'

const HOUR_S = 3600

const ID = { Host: 'machine-id-1', HostName: 'node-1', Source: 'otlp:hw.energy' }
const NAME = { Host: 'node-1', HostName: 'node-1', Source: 'kepler:kepler_node_cpu_joules_total' }
const uj = (seconds: number): bigint => BigInt(seconds) * 60_000_000n
const us = (seconds: number, cpus: number): bigint => BigInt(seconds * cpus * 1e6)
/** 60 W told by both; CPU time and a container by one each. */
const byId = (seconds: number): Reading[] => [
  energyAt(seconds, uj(seconds), ID),
  modeAt(seconds, 'user', us(seconds, 2), ID),
  modeAt(seconds, 'idle', us(seconds, 6), ID),
]
const byName = (seconds: number): Reading[] => [
  energyAt(seconds, uj(seconds) + 7n, NAME),
  workAt(seconds, 'a', us(seconds, 1), { ...NAME, Source: 'kepler:kepler_process_cpu_seconds_total' }),
]
const inMinute = (rows: readonly EnergyRow[], minute: number): EnergyRow[] =>
  rows.filter(row => row.WindowStart === NOON_MS / 1000 + minute * 60)

describe.each([1, 2, 3, 7])('over %i partitions', partitions => {
  test.each(['id', 'name'])('a machine that is first told of by its %s is one host', async first => {
    const { record, flush, rows, restart } = await fleet(partitions)
    for (let seconds = 0; seconds <= 300; seconds += 15) {
      const [one, other] = first === 'id' ? [byId, byName] : [byName, byId]
      await record(one(seconds), seconds)
      await record(other(seconds), seconds)
      if (seconds === 135) await restart()
    }
    await flush(ID.Host, 360)
    await flush(NAME.Host, 360)
    expect(new Set(rows.map(row => row.Host))).toEqual(new Set([ID.Host]))
    for (const minute of [0, 1, 2, 3, 4]) {
      const found = inMinute(rows, minute)
      expect(totalUj(found)).toBe(3_600_000_000n)
      expect(found.find(row => row.WorkloadId === 'a')!.EnergyUj).toBe(450_000_000n)
    }
  })

  test('a machine whose id is told of late loses nothing, and doubles nothing from then on', async () => {
    const { record, flush, rows } = await fleet(partitions)
    for (let seconds = 0; seconds <= 480; seconds += 15) {
      await record(byName(seconds), seconds)
      if (seconds >= 240) await record(byId(seconds), seconds)
    }
    await flush(ID.Host, 540)
    await flush(NAME.Host, 540)
    for (const minute of [0, 1, 2, 5, 6, 7]) expect(totalUj(inMinute(rows, minute))).toBe(3_600_000_000n)
    expect(new Set(inMinute(rows, 0).map(row => row.Host))).toEqual(new Set([NAME.Host]))
    expect(new Set(inMinute(rows, 6).map(row => row.Host))).toEqual(new Set([ID.Host]))
  })

  test('two machines of one name stay apart, and what has the name alone is a third', async () => {
    const { record, flush, rows, events } = await fleet(partitions)
    const twin = (seconds: number) => byId(seconds).map(row => ({ ...row, Host: 'machine-id-2' }))
    for (let seconds = 0; seconds <= 120; seconds += 15) {
      await record(byId(seconds), seconds)
      await record(twin(seconds), seconds)
      await record(byName(seconds), seconds)
    }
    for (const host of [ID.Host, 'machine-id-2', NAME.Host]) await flush(host, 180)
    expect(events.filter(name => name === 'hostNameShared')).toHaveLength(1)
    expect(new Set(inMinute(rows, 1).map(row => row.Host)).size).toBe(3)
  })

  test('a machine that was set up again, under its name and another id, takes the name over', async () => {
    const { record, flush, rows } = await fleet(partitions)
    await record(byId(0), 0)
    const anew = (seconds: number) => byId(seconds).map(row => ({ ...row, Host: 'machine-id-2' }))
    for (let seconds = 4 * HOUR_S; seconds <= 4 * HOUR_S + 120; seconds += 15) {
      await record(anew(seconds), seconds)
      await record(byName(seconds), seconds)
    }
    await flush('machine-id-2', 4 * HOUR_S + 180)
    const found = inMinute(rows, 4 * 60 + 1)
    expect([totalUj(found), new Set(found.map(row => row.Host))]).toEqual([
      3_600_000_000n,
      new Set(['machine-id-2']),
    ])
  })
})

test('a name is told once an hour, and what nobody claims costs nothing', async () => {
  const { record, kinds } = await fleet(2)
  for (let minute = 0; minute < 180; minute++) await record(byId(minute * 60), minute * 60)
  expect(kinds.filter(kind => kind === 'names')).toHaveLength(3)
  const alone = await fleet(2)
  for (let minute = 0; minute < 10; minute++) await alone.record(byName(minute * 60), minute * 60)
  expect(alone.kinds).toEqual([])
})

test('names of containers that share a machine id are told once each', async () => {
  const { record, kinds } = await fleet(2)
  for (let minute = 0; minute < 20; minute++) {
    await record(
      byId(minute * 60).map(row => ({ ...row, HostName: `pod-${minute % 3}` })),
      minute * 60,
    )
  }
  expect(kinds.filter(kind => kind === 'names')).toHaveLength(3)
})

test('a host whose id is another’s name, and that says a name of its own, is not joined', async () => {
  const { record, kinds } = await fleet(2)
  const odd = (seconds: number) => byName(seconds).map(row => ({ ...row, HostName: 'else' }))
  for (let seconds = 0; seconds <= 60; seconds += 15) {
    await record(byId(seconds), seconds)
    await record(odd(seconds), seconds)
  }
  expect(kinds.filter(kind => kind === 'joined')).toEqual([])
})
