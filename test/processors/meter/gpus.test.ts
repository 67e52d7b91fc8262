/** Guarantees: energy of GPUs goes to those who used them, once, to the microjoule; idle energy and unused reservations are told apart. */
import { describe, expect, it } from 'vitest'
import { at, drive, grid, NOON_SECONDS, type Reading, reading, totalUj, workAt } from './support.ts'

const BOARD = 'gpu-GPU-1'
const MINUTES = 6
const gauge = (quantity: string, value: bigint, facts: Partial<Reading> = {}, minute = 0): Reading[] =>
  [0, 20, 40, 60].map(second =>
    reading({
      ...{ Quantity: quantity, Domain: BOARD, Value: value, Source: 'nvml' },
      ...facts,
      Timestamp: at(minute * 60 + second),
    }),
  )
const of = (id: string, kind = 'container'): Partial<Reading> => ({ WorkloadKind: kind, WorkloadId: id })
const counted = (us: bigint, facts: Partial<Reading> = {}, minute = 0): Reading[] =>
  [0n, us].map((value, index) =>
    reading({
      ...{ Quantity: 'gpu_time', Domain: BOARD, Value: value, Source: 'nvml', BootId: `b${minute}` },
      ...facts,
      Timestamp: at(minute * 60 + index * 60),
    }),
  )
const watts = (value: number, minute = 0): Reading[] => gauge('power', BigInt(value * 1000), {}, minute)
const idle = { gpu_idle_watts: [{ gpus: ['GPU-*'], watts: 60 }] }
const whole = { capacityOf: () => 'all' as const }

function book(
  rows: readonly Reading[],
  metering: NonNullable<Parameters<typeof drive>[0]>['metering'] = idle,
) {
  const run = drive({ metering, ...whole })
  run.record(rows)
  run.flush(60)
  return run.energy.filter(({ WindowStart }) => WindowStart === NOON_SECONDS)
}

describe('who gets the energy', () => {
  it('exclusive: the only holder, beyond idle power', () => {
    const rows = book([...watts(300), ...gauge('gpu_held', 1000n, of('a')), ...counted(30_000_000n, of('a'))])
    expect(grid(rows)).toEqual(['gpu active a 14400000000', 'gpu idle - 3600000000'])
    expect(rows.map(row => [row.GpuUs, row.GpuReservedIdleUs, row.GpuCapacityUs, row.GpuIdlePower])).toEqual([
      [30_000_000n, 30_000_000n, 60_000_000n, 'gpu-GPU-1=60000'],
      [0n, 0n, 60_000_000n, 'gpu-GPU-1=60000'],
    ])
  })

  it('time slicing: by SM time; what ended unseen is unattributed', () => {
    const rows = book([
      ...watts(300),
      ...counted(50_000_000n),
      ...['a', 'b'].flatMap(id => gauge('gpu_held', 1000n, of(id))),
      ...counted(30_000_000n, of('a')),
      ...counted(10_000_000n, of('b')),
    ])
    expect(grid(rows)).toEqual([
      'gpu active a 8640000000',
      'gpu active b 2880000000',
      'gpu idle - 3600000000',
      'gpu unattributed - 2880000000',
    ])
    // Of 60 s, 50 s were used; b used less than its half.
    expect(rows.map(row => [row.GpuUs, row.GpuReservedIdleUs])).toEqual([
      [30_000_000n, 0n],
      [10_000_000n, 10_000_000n],
      [0n, 0n],
      [10_000_000n, 0n],
    ])
  })

  it('utilization that fails: equally among holders', () => {
    const rows = book([...watts(300), ...['a', 'b', 'c'].flatMap(id => gauge('gpu_held', 1000n, of(id)))])
    expect(grid(rows)).toEqual([
      ...['a', 'b', 'c'].map(id => `gpu active ${id} 4800000000`),
      'gpu idle - 3600000000',
    ])
  })

  it('instances: by activity and size, then inside', () => {
    const [small, large] = [{ Device: 'mig-1:1/7' }, { Device: 'mig-2:3/7' }]
    const rows = book([
      ...watts(300),
      ...gauge('gpu_utilization', 1_000_000n, { ...small, Source: 'dcgm:A' }),
      ...gauge('gpu_utilization', 500_000n, { ...large, Source: 'dcgm:A' }),
      ...gauge('gpu_held', 1000n, { ...small, ...of('a') }),
      ...['b', 'c'].flatMap(id => gauge('gpu_held', 1000n, { ...large, ...of(id) })),
    ])
    // 1 x 1 to 3 x 0.5 of 14,400 J.
    expect(grid(rows)).toEqual([
      'gpu active a 5760000000',
      'gpu active b 4320000000',
      'gpu active c 4320000000',
      'gpu idle - 3600000000',
    ])
    expect(rows[0]).toMatchObject({ GpuUs: 8_571_429n, GpuReservedIdleUs: 0n })
  })

  it('nobody: all of it is idle; nothing known: unattributed', () => {
    expect(grid(book([...watts(80), ...gauge('gpu_held', 0n)]))).toEqual(['gpu idle - 4800000000'])
    expect(grid(book(watts(80), {}))).toEqual(['gpu unattributed - 4800000000'])
  })

  it('without a meter of energy, use alone is booked', () => {
    const rows = book(counted(30_000_000n, of('a')))
    expect(rows.map(row => [row.Component, row.EnergyUj, row.GpuUs, row.EnergyQuality])).toContainEqual([
      ...['gpu', 0n, 30_000_000n, 'none'],
    ])
  })
})

describe('idle power', () => {
  it('is the lowest average of a minute in which nobody held the board, also after a restart', () => {
    const run = drive({ roundTrip: true })
    const levels = [300, 62, 58, 300, 70, 300]
    for (const [minute, level] of levels.entries()) {
      const isHeld = level === 300
      run.record([
        ...watts(level, minute).map(row => ({ ...row, BootId: `p${minute}` })),
        ...gauge('gpu_held', isHeld ? 1000n : 0n, { BootId: `h${minute}` }, minute),
        ...(isHeld ? gauge('gpu_held', 1000n, { ...of('a'), BootId: `h${minute}` }, minute) : []),
      ])
    }
    run.flush(MINUTES * 60)
    const joules = levels.map((_, minute) =>
      run.energy
        .filter(row => row.WindowStart === NOON_SECONDS + minute * 60)
        .map(row => `${row.Share} ${row.EnergyUj / 1_000_000n} ${row.Method} ${row.GpuIdlePower}`),
    )
    expect(joules).toEqual([
      ['active 18000 idle_unknown ', 'idle 0 idle_unknown '],
      ['idle 3720 baseline gpu-GPU-1=62000'],
      ['idle 3480 baseline gpu-GPU-1=58000'],
      ['active 14520 baseline gpu-GPU-1=58000', 'idle 3480 baseline gpu-GPU-1=58000'],
      ['idle 4200 baseline gpu-GPU-1=58000'],
      ['active 14520 baseline gpu-GPU-1=58000', 'idle 3480 baseline gpu-GPU-1=58000'],
    ])
  })

  it('of the time that nobody held a board whose idle power is not known', () => {
    const held = [0, 30].flatMap(second => {
      const facts = {
        Quantity: 'gpu_held',
        Domain: BOARD,
        Source: 'nvml',
        Value: 1000n,
        Timestamp: at(second),
      }
      return [reading(facts), reading({ ...facts, ...of('a') })]
    })
    const freed = [30, 60].map(second =>
      reading({ Quantity: 'gpu_held', Domain: BOARD, Source: 'nvml', BootId: 'x', Timestamp: at(second) }),
    )
    expect(grid(book([...watts(100), ...held, ...freed], {}))).toEqual([
      'gpu active a 3000000000',
      'gpu idle - 3000000000',
    ])
  })

  it('is shared by GPU time, and by what is reserved of it', () => {
    const rows = [
      ...watts(300),
      ...['a', 'b'].flatMap(id => gauge('gpu_held', 1000n, of(id))),
      ...counted(15_000_000n, of('a')),
      ...counted(5_000_000n, of('b')),
      ...gauge('power', 10_000n, { Domain: 'gpu-GPU-2' }),
      ...gauge('gpu_held', 0n, { Domain: 'gpu-GPU-2' }),
    ]
    const idleOf = (policy: 'by_usage' | 'by_request'): string[] =>
      grid(book(rows, { ...idle, idle_policy: policy }).filter(({ Share }) => Share === 'idle'))
    // 3,600 J of the first board and 600 J of the second.
    expect(idleOf('by_usage')).toEqual(['gpu idle a 3150000000', 'gpu idle b 1050000000'])
    expect(idleOf('by_request')).toEqual([
      ...['gpu idle a 1050000000', 'gpu idle b 1050000000', 'gpu idle - 2100000000'],
    ])
  })
})

describe('several sources', () => {
  it('describe one use: it counts once, as the one knows it that knows most', () => {
    const rows = book([
      ...watts(300),
      ...gauge('power', 301_000n, { Source: 'dcgm:P' }),
      ...['n/p0', 'n/p1'].flatMap(id => gauge('gpu_held', 1000n, { ...of(id, 'pod'), Source: 'dcgm:P' })),
      ...gauge('gpu_utilization', 900_000n, { Source: 'dcgm:U' }),
      ...gauge('gpu_held', 1000n, of('a')),
      ...counted(30_000_000n, of('a')),
    ])
    expect(totalUj(rows)).toBe(18_060_000_000n)
    expect(rows.filter(({ Share }) => Share === 'active').map(({ WorkloadId }) => WorkloadId)).toEqual(['a'])
  })

  it('a pod that holds a board is its only container; with two containers it stays for its GPU alone', () => {
    const labels = { 'k8s.pod.uid': 'u', 'k8s.namespace.name': 'n', 'k8s.pod.name': 'p' }
    const pod = gauge('gpu_held', 1000n, { ...of('u', 'pod'), Source: 'dcgm:P', Attributes: labels })
    const cpu = (id: string): Reading[] =>
      [0n, 6_000_000n].map((us, index) =>
        workAt(index * 60, id, us, { Attributes: labels, Source: 'cadvisor:x' }),
      )
    const holders = (rows: readonly Reading[]): string[] =>
      grid(book(rows).filter(row => row.Component === 'gpu' && row.EnergyUj > 0n && row.Share === 'active'))
    expect(holders([...watts(300), ...pod, ...cpu('a')])).toEqual(['gpu active a 14400000000'])
    expect(holders([...watts(300), ...pod, ...cpu('a'), ...cpu('b')])).toEqual(['gpu active u 14400000000'])
    const all = book([...watts(300), ...pod, ...cpu('a'), ...cpu('b')])
    expect(all.reduce((sum, row) => sum + row.CpuUs, 0n)).toBe(12_000_000n)
  })
})

it('a request without use is reserved, and requests for shares of a board reserve it once', () => {
  const request = (id: string): Reading[] =>
    gauge('gpu_request', 1000n, { ...of(id), Domain: 'desired', Source: 'k' })
  const cpu = (id: string): Reading[] => [0n, 6_000_000n].map((us, index) => workAt(index * 60, id, us))
  const unused = (rows: readonly Reading[]): bigint[] =>
    book(rows)
      .filter(row => row.Component === 'gpu' && row.Share === 'active')
      .map(row => row.GpuReservedIdleUs)
  const held = gauge('gpu_held', 0n)
  expect(unused([...watts(60), ...held, ...request('a'), ...cpu('a')])).toEqual([60_000_000n])
  expect(
    unused([...watts(60), ...held, ...['a', 'b', 'c', 'd'].flatMap(id => [...request(id), ...cpu(id)])]),
  ).toEqual([15_000_000n, 15_000_000n, 15_000_000n, 15_000_000n])
})
