/**
 * Guarantees: an address that an exporter says is a node's, and a name that the configuration gives to another host, are that host's,
 * through several steps, over any partitions, with each joule once; names that are configured to be separate are their own; no names
 * can send readings in circles.
 */
import { describe, expect, test } from 'vitest'
import type { HostRules } from '../../../core/books/host-join.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { fleet, NOON_MS } from './fleet.ts'
import { at, energyAt, modeAt, type Reading, reading, totalUj } from './support.ts'

const ID = { Host: 'machine-id-1', HostName: 'node-1', Source: 'rapl' }
const NODE = { Host: 'node-1', HostName: 'node-1', Source: 'kepler:kepler_node_cpu_joules_total' }
const ADDRESS = {
  Host: '10.0.0.1',
  HostName: '10.0.0.1',
  Source: 'node_exporter:node_rapl_package_joules_total',
}
const BMC = { Host: 'bmc-1', HostName: 'bmc-1', Source: 'ipmi_exporter:ipmi_dcmi_power_consumption_watts' }

const uj = (seconds: number): bigint => BigInt(seconds) * 60_000_000n
const us = (seconds: number, cpus: number): bigint => BigInt(seconds * cpus * 1e6)
const byId = (seconds: number): Reading[] => [
  energyAt(seconds, uj(seconds), ID),
  modeAt(seconds, 'user', us(seconds, 2), ID),
  modeAt(seconds, 'idle', us(seconds, 6), ID),
]
const byNode = (seconds: number): Reading[] => [energyAt(seconds, uj(seconds) + 7n, NODE)]
const byAddress = (seconds: number): Reading[] => [
  energyAt(seconds, uj(seconds) + 9n, ADDRESS),
  modeAt(seconds, 'user', us(seconds, 2), { ...ADDRESS, Source: 'node_exporter:node_cpu_seconds_total' }),
]
const byBmc = (seconds: number): Reading[] => [
  reading({ ...BMC, Quantity: 'power', Domain: 'host', Value: 100_000n, Timestamp: at(seconds) }),
]
/** `node_uname_info`: the address is the node's. */
const says = (seconds: number, node = 'node-1', address = '10.0.0.1'): Reading =>
  reading({
    Host: node,
    HostName: address,
    Quantity: 'identity',
    Value: 1n,
    Timestamp: at(seconds),
    Source: 'node_exporter:node_uname_info',
  })

const inMinute = (rows: readonly EnergyRow[], minute: number): EnergyRow[] =>
  rows.filter(row => row.WindowStart === NOON_MS / 1000 + minute * 60)
const hostsIn = (rows: readonly EnergyRow[]): string[] => [...new Set(rows.map(row => row.Host))].sort()

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
  for (const { Host } of [ID, NODE, ADDRESS, BMC]) await played.flush(Host, 420)
  return played
}

describe.each([1, 2, 5])('over %i partitions', partitions => {
  test('an address, its node and the machine’s id are one host, and each joule is booked once', async () => {
    const told = (seconds: number) => [says(seconds), ...byAddress(seconds)]
    for (const senders of [
      [byId, byNode, told],
      [told, byNode, byId],
    ]) {
      const { rows } = await played(partitions, senders, { restartAt: 150 })
      for (const minute of [1, 2, 3, 4, 5]) {
        expect([hostsIn(inMinute(rows, minute)), totalUj(inMinute(rows, minute))]).toEqual([
          [ID.Host],
          3_600_000_000n,
        ])
      }
    }
  })

  test('an address without an id behind it is the node', async () => {
    const { rows } = await played(partitions, [seconds => [says(seconds), ...byAddress(seconds)], byNode])
    expect(hostsIn(inMinute(rows, 3))).toEqual(['node-1'])
    expect(totalUj(inMinute(rows, 3))).toBe(3_600_000_000n)
    expect(inMinute(rows, 3)[0]!.HostName).toBe('node-1')
  })

  test('a BMC is the machine that the configuration names, by its name or by its id', async () => {
    for (const target of ['node-1', 'machine-id-1']) {
      const rules = { aliases: { 'bmc-1': target }, separate: [] }
      const { rows } = await played(partitions, [byId, byBmc], { rules })
      const found = inMinute(rows, 3)
      expect(hostsIn(found)).toEqual([ID.Host])
      expect(new Set(found.map(row => row.Component))).toEqual(new Set(['cpu', 'other']))
      expect(totalUj(found)).toBe(6_000_000_000n)
    }
  })

  test('a name that is configured to be separate is a host of its own', async () => {
    const rules = { aliases: {}, separate: ['node-1'] }
    const { rows } = await played(partitions, [byId, byNode], { rules })
    expect(hostsIn(inMinute(rows, 3))).toEqual([ID.Host, 'node-1'])
    expect(totalUj(inMinute(rows, 3))).toBe(7_200_000_000n)
  })

  test('names that stand for each other lead somewhere, whoever says so', async () => {
    const circle = (seconds: number) => [
      says(seconds, 'node-1', '10.0.0.1'),
      says(seconds, '10.0.0.1', 'node-1'),
    ]
    const { kinds } = await played(partitions, [byNode, byAddress, circle])
    expect(kinds.filter(kind => kind === 'joined').length).toBeLessThan(25 * 2 * 4)
    const configured = { aliases: { 'node-1': '10.0.0.1', '10.0.0.1': 'node-1' }, separate: [] }
    await played(partitions, [byNode, byAddress], { rules: configured })
  })

  test('an address that two nodes have stands for none of them', async () => {
    const { rows, events } = await played(partitions, [
      seconds => [says(seconds), says(seconds, 'node-2')],
      byAddress,
    ])
    expect(hostsIn(inMinute(rows, 3))).toEqual(['10.0.0.1'])
    expect(events).toContain('hostNameShared')
  })
})

test('what is said of a host does not become its name', async () => {
  const { rows } = await played(1, [seconds => [...byNode(seconds), says(seconds)]])
  expect(inMinute(rows, 3)[0]!.HostName).toBe('node-1')
})
