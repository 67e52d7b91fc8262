import { createRecordBuilder, type RecordBuilder } from '../../core/columns/record-builder.ts'
import { readings } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'
import { seededRandom } from './random.ts'

/** 2026-11-21T00:00:00Z, ns. */
export const FLEET_START_NANO = 1_795_219_200_000_000_000n
export const SAMPLE_SECONDS = 5

export interface FleetOptions {
  readonly hosts: number
  /** Of each host. */
  readonly workloads: number
  readonly seed: number
}

type Reading = RowOf<typeof readings>
type Facts = Omit<Reading, 'Timestamp' | 'Value'>

interface Line {
  readonly facts: Facts
  value: bigint
  /** Largest rise of a counter per sample; 0: a gauge around its value. */
  readonly step: number
}

interface FleetHost {
  readonly lines: Line[]
  readonly offsetNs: bigint
}

/**
 * Readings of a fleet, as in the log: one record has one sample of every meter of every host, host by host. Every
 * second host is measured by our sensors (RAPL, CPU modes, control groups), the others by a kubelet's OTLP with
 * Kubernetes attributes. Same options, same bytes.
 */
export class Fleet {
  readonly #hosts: readonly FleetHost[]
  readonly #random: () => number
  readonly #builder: RecordBuilder<typeof readings> = createRecordBuilder(readings)
  #sample = 0

  constructor({ hosts, workloads, seed }: FleetOptions) {
    const random = seededRandom(seed)
    this.#random = random
    this.#hosts = Array.from({ length: hosts }, (_, host) => ({
      lines: host % 2 === 0 ? sensorLines(host, workloads, random) : kubeletLines(host, workloads, random),
      offsetNs: BigInt(Math.floor(random() * 4e9)),
    }))
  }

  /** Rows of one record. */
  get rows(): number {
    return this.#hosts.reduce((sum, { lines }) => sum + lines.length, 0)
  }

  /** The next sample of all hosts, 5 s after the last. */
  nextRecord(): Uint8Array {
    const { columns } = this.#builder
    const timeNano = FLEET_START_NANO + BigInt(this.#sample++ * SAMPLE_SECONDS) * 1_000_000_000n
    for (const { lines, offsetNs } of this.#hosts) {
      for (const line of lines) {
        const step = BigInt(Math.floor(this.#random() * (line.step || 1_000_000)))
        if (line.step > 0) line.value += step
        const row: Reading = {
          ...line.facts,
          Timestamp: timeNano + offsetNs,
          Value: line.step > 0 ? line.value : line.value + step,
        }
        for (const [name, column] of Object.entries(columns)) {
          ;(column as { append(value: unknown): void }).append(row[name as keyof Reading])
        }
        this.#builder.endRow()
      }
    }
    return this.#builder.finish()
  }
}

const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal']

const digitsOf = (random: () => number): ((length: number) => string) => {
  return length => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('')
}

const COMMON = { Tenant: 'default', Device: '', RangeMax: 0n, Quality: 'measured' } as const

function sensorLines(host: number, workloads: number, random: () => number): Line[] {
  const hex = digitsOf(random)
  const boot = hex(32)
  const own = {
    ...COMMON,
    Host: hex(32),
    HostName: `node-${host}.example.net`,
    BootId: boot,
    WorkloadKind: '',
    WorkloadId: '',
    Attributes: {},
  }
  const line = (
    facts: Partial<Facts> & Pick<Facts, 'Quantity' | 'Domain' | 'Source'>,
    step: number,
  ): Line => ({
    facts: { ...own, ...facts },
    value: BigInt(Math.floor(random() * 1e12)),
    step,
  })
  const lines = ['package-0', 'package-1', 'dram-0'].map(Domain =>
    line({ Quantity: 'energy', Domain, Source: 'rapl', RangeMax: 262_143_328_850n * 16n }, 600_000_000),
  )
  lines.push(...CPU_MODES.map(Domain => line({ Quantity: 'cpu_time', Domain, Source: 'proc' }, 40_000_000)))
  lines.push(line({ Quantity: 'memory', Domain: 'used', Source: 'proc', BootId: '' }, 0))
  for (let index = 0; index < workloads; index++) {
    const id = hex(64)
    const facts = {
      Source: 'cgroup2',
      WorkloadKind: 'container',
      WorkloadId: id,
      BootId: `${boot}/${hex(8)}`,
      Attributes: {
        'container.id': id,
        'container.runtime.name': 'containerd',
        'k8s.pod.uid': hex(32),
        'workload.name': id.slice(0, 12),
      },
    }
    lines.push(line({ ...facts, Quantity: 'cpu_time', Domain: '' }, 4_000_000))
    lines.push(line({ ...facts, Quantity: 'memory', Domain: 'working_set', BootId: '' }, 0))
    lines.push(line({ ...facts, Quantity: 'cpu_wait', Domain: '' }, 100_000))
  }
  return lines
}

function kubeletLines(host: number, workloads: number, random: () => number): Line[] {
  const hex = digitsOf(random)
  const name = `node-${host}.example.net`
  const start = FLEET_START_NANO - BigInt(Math.floor(random() * 1e9)) * 1_000_000n
  const own = {
    ...COMMON,
    Host: name,
    HostName: name,
    BootId: `otlp:${start}`,
    WorkloadKind: '',
    WorkloadId: '',
    Attributes: {},
  }
  const line = (
    facts: Partial<Facts> & Pick<Facts, 'Quantity' | 'Domain' | 'Source'>,
    step: number,
  ): Line => ({
    facts: { ...own, ...facts },
    value: BigInt(Math.floor(random() * 1e12)),
    step,
  })
  const lines = ['package-0', 'package-1', 'dram-0'].map(Domain =>
    line({ Quantity: 'energy', Domain, Source: 'otlp:hw.energy' }, 600_000_000),
  )
  lines.push(
    ...CPU_MODES.map(Domain =>
      line({ Quantity: 'cpu_time', Domain, Source: 'otlp:system.cpu.time' }, 40_000_000),
    ),
  )
  for (let index = 0; index < workloads; index++) {
    const id = hex(64)
    const namespace = `team-${index % 7}`
    const facts = {
      WorkloadKind: 'container',
      WorkloadId: id,
      Attributes: {
        'container.id': id,
        'k8s.container.name': `app-${index % 11}`,
        'k8s.namespace.name': namespace,
        'k8s.node.name': name,
        'k8s.pod.name': `shop-${index % 11}-${hex(10)}-${hex(5)}`,
        'k8s.pod.uid': `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
        'workload.name': `app-${index % 11}`,
        'workload.namespace': namespace,
      },
    }
    const cpu = { ...facts, Quantity: 'cpu_time', Domain: '', Source: 'otlp:container.cpu.time' }
    lines.push(line({ ...cpu, BootId: `otlp:${start + BigInt(index)}` }, 4_000_000))
    const memory = { ...facts, Quantity: 'memory', Source: 'otlp:container.memory' }
    lines.push(line({ ...memory, Domain: 'working_set', BootId: '' }, 0))
  }
  return lines
}
