import { column, type StreamDeclaration } from './stream.ts'

/**
 * One row is one sample of one meter. Units by Quantity: `energy` (and what an exporter says of it to be `energy_active` and
 * `energy_idle`) µJ, `power` mW, `cpu_time` and `gpu_time` and
 * `cpu_wait` and `sched_latency` µs, `memory` and `gpu_memory` bytes, `*_request` and
 * `*_allocatable` milli-units or bytes, `gpu_utilization` and
 * `gpu_memory_utilization` millionths, `gpu_held` thousandths.
 *
 * Domain: for energy and power the place in the meter tree (`host`, `package-0`, `core-0`, `uncore-0`, `dram-0`,
 * `gpu-<uuid>`, `psys`: see core/books/meter-tree.ts); for the host's own `cpu_time` the CPU mode (`user`, `system`, `idle`, ...): capacity is the sum
 * over all modes, busy the sum without `idle` and `iowait`. Device tells apart meters of one domain (a CPU number).
 * WorkloadKind and WorkloadId are empty for the host's own readings; kinds are `container`, `pod`, `systemd_unit`,
 * `vm`, `slurm_job`, `process`. For workload `cpu_time` the Domain is the CPU mode or empty (total): add them all.
 * For `memory` the Domain says which measure it is: `working_set`, `usage` or `rss` of a workload (take the first
 * there is, never their sum), `used` of the host. For all `gpu_*` the Domain is the board and Device the instance, if it is
 * divided (core/books/gpu-places.ts), of workloads as well as of the board itself.
 *
 * Attributes of workload readings hold `workload.name` (for people) and `workload.namespace` (where there is one)
 * beside what the source said (`k8s.*`, `service.*`, `container.*`). Estimated energy holds `error_band`, a decimal
 * share of the value (`0.4` is ±40 %).
 */
export const readings = {
  name: 'readings',
  key: 'host',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Host', 'lowCardinality'),
    column('HostName', 'lowCardinality'),
    column('BootId', 'lowCardinality'),
    column('Timestamp', 'timestampNs', 'Delta(8), ZSTD(1)'),
    column('Quantity', 'lowCardinality'),
    column('Domain', 'lowCardinality'),
    column('Device', 'lowCardinality'),
    column('WorkloadKind', 'lowCardinality'),
    column('WorkloadId', 'lowCardinality'),
    column('Value', 'int64', 'Delta(8), ZSTD(1)'),
    // 0: the counter has no known range. Above 0: it wraps after this value.
    column('RangeMax', 'int64'),
    column('Source', 'lowCardinality'),
    // measured | estimated | simulated
    column('Quality', 'lowCardinality'),
    column('Attributes', 'stringMap'),
  ],
  table: {
    name: 'readings',
    partitionBy: 'toDate(Timestamp)',
    orderBy: ['Tenant', 'Host', 'Quantity', 'Domain', 'Device', 'WorkloadKind', 'WorkloadId', 'Timestamp'],
    ttlFrom: 'toDateTime(Timestamp)',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration
