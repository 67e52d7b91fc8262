/**
 * Guarantees: what workloads have reserved stands beside what they used, as time and byte-seconds, once; it is found under whatever
 * name Kubernetes tells it, and counts only while the workload is seen to run.
 */
import { expect, test } from 'vitest'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { at, drive, energyAt, modeAt, type Reading, reading, workAt } from './support.ts'

const POD = '3f1c9a02-0000-4000-8000-000000000001'
const MIB = 1_048_576n

const HOST: readonly Reading[] = [
  ...[energyAt(0, 0n), energyAt(60, 1_000_000n), energyAt(0, 0n, { Domain: 'dram-0' })],
  energyAt(60, 500_000n, { Domain: 'dram-0' }),
  ...[modeAt(0, 'user', 0n), modeAt(60, 'user', 60_000_000n)],
  ...[modeAt(0, 'idle', 0n), modeAt(60, 'idle', 180_000_000n)],
]

function request(
  id: string,
  quantity: string,
  value: bigint,
  facts: Partial<Reading> = {},
): readonly Reading[] {
  return [0, 30, 60].map(seconds =>
    reading({
      Quantity: quantity,
      WorkloadKind: 'container',
      WorkloadId: id,
      Timestamp: at(seconds),
      Value: value,
      Source: 'kube_state_metrics:kube_pod_container_resource_requests',
      Attributes: { 'k8s.pod.uid': POD, 'k8s.container.name': id.split('/')[1] ?? '' },
      ...facts,
    }),
  )
}

const work = (id: string, us: bigint, labels: Readonly<Record<string, string>> = {}): readonly Reading[] => [
  workAt(0, id, 0n, { Attributes: labels }),
  workAt(60, id, us, { Attributes: labels }),
]

function rowsOf(rows: readonly Reading[]): string[] {
  const run = drive({ roundTrip: true })
  run.record([...HOST, ...rows])
  run.flush(60)
  return run.energy.filter(row => row.Share === 'active').map(lineOf)
}
const lineOf = (row: EnergyRow): string =>
  [
    row.WorkloadId,
    row.Component,
    row.CpuRequestUs / 1_000_000n,
    row.MemoryRequestByteSeconds / MIB,
    row.GpuRequestUs / 1_000_000n,
  ].join(' ')

test('half a core, 256 MiB and a board for a minute, on the rows where use stands', () => {
  const rows = rowsOf([
    ...work('c1', 30_000_000n, { 'k8s.pod.uid': POD, 'k8s.container.name': 'web' }),
    ...request(`${POD}/web`, 'cpu_request', 500n),
    ...request(`${POD}/web`, 'memory_request', 256n * MIB),
    ...request(`${POD}/web`, 'gpu_request', 1_000n),
  ])
  expect(rows).toEqual(['c1 cpu 30 0 60', 'c1 dram 0 15360 0'])
})

test('by the id of the container itself', () => {
  expect(rowsOf([...work('c1', 1_000_000n), ...request('c1', 'cpu_request', 250n)])).toEqual([
    'c1 cpu 15 0 0',
    'c1 dram 0 0 0',
  ])
})

test('a container that reserves and does nothing has a row', () => {
  const rows = rowsOf([...work('c1', 0n), ...work('c2', 10n), ...request('c1', 'cpu_request', 2_000n)])
  expect(rows.slice(0, 1)).toEqual(['c1 cpu 120 0 0'])
})

test('containers of a pod that nothing links share its requests by what they used; those that are linked keep theirs', () => {
  const inPod = { 'k8s.pod.uid': POD }
  const requests = [
    ...request(`${POD}/web`, 'cpu_request', 300n),
    ...request(`${POD}/log`, 'cpu_request', 100n),
  ]
  expect(
    rowsOf([...work('c1', 30_000_000n, inPod), ...work('c2', 10_000_000n, inPod), ...requests]).filter(row =>
      row.includes(' cpu '),
    ),
  ).toEqual(['c1 cpu 18 0 0', 'c2 cpu 6 0 0'])
  expect(
    rowsOf([
      ...work('c1', 30_000_000n, { ...inPod, 'k8s.container.name': 'log' }),
      ...work('c2', 10_000_000n, inPod),
      ...requests,
    ]).filter(row => row.includes(' cpu ')),
  ).toEqual(['c1 cpu 6 0 0', 'c2 cpu 18 0 0'])
})

test('what is not seen to run has reserved nothing', () => {
  const rows = rowsOf([...work('c1', 30_000_000n), ...request(`${POD}/done`, 'cpu_request', 4_000n)])
  expect(rows).toEqual(['c1 cpu 0 0 0', 'c1 dram 0 0 0'])
})

test('what the node has set aside goes before what the object asks for', () => {
  const rows = rowsOf([
    ...work('c1', 1_000_000n),
    ...request('c1', 'cpu_request', 2_000n, { Domain: 'desired' }),
    ...request('c1', 'cpu_request', 1_000n, { Domain: 'current' }),
  ])
  expect(rows[0]).toBe('c1 cpu 60 0 0')
})
