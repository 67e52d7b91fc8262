import type { EnergyRow } from '../../../core/model/streams/ledger.ts'

/** A minute of container A: 450 J of 60 s of CPU time. */
export const energyRow = (facts: Partial<EnergyRow> = {}): EnergyRow => ({
  Tenant: 'default',
  Host: 'h1',
  HostName: 'one',
  WindowStart: 1_767_268_800,
  WorkloadKind: 'container',
  WorkloadId: 'A',
  WorkloadName: 'a',
  Namespace: '',
  Component: 'cpu',
  Share: 'active',
  EnergyUj: 450_000_000n,
  CpuUs: 60_000_000n,
  MemoryByteSeconds: 0n,
  GpuUs: 0n,
  Coverage: 1,
  EnergyQuality: 'measured',
  EnergySource: 'test',
  Method: 'ratio',
  IdlePolicy: 'none',
  Boundary: 'components',
  Labels: {},
  CapacityUs: 480_000_000n,
  Zone: '',
  ...facts,
})
