/** Guarantees: AMD and Intel boards and who uses them, from files as the kernel writes them; graphics inside a processor is left to its meter. */
import { expect, it } from 'vitest'
import { DrmBoards } from '../../../../collector/sensors/drm/boards.ts'
import { parseClient } from '../../../../collector/sensors/drm/clients.ts'
import { GpuReadings } from '../../../../collector/sensors/gpu/gpu-readings.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { at, drive, grid } from '../../../processors/meter/support.ts'
import { type Files, machine, statLine, tree } from '../tree.ts'

const CARD = 'sys/class/drm/card1/device'
const HWMON = `${CARD}/hwmon/hwmon4`

function metrics(format: number, content: number, counter: bigint): Uint8Array {
  const table = Buffer.alloc(200)
  table[2] = format
  table[3] = content
  table.writeBigUInt64LE(counter, content === 5 ? 88 : 24)
  return table
}
const amd = (more: Files = {}): Files => ({
  [`${CARD}/vendor`]: '0x1002\n',
  [`${CARD}/device`]: '0x744c\n',
  [`${CARD}/uevent`]: 'DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_SLOT_NAME=0000:03:00.0\n',
  [`${CARD}/unique_id`]: '9d1b2c3d4e5f6071\n',
  [`${CARD}/gpu_busy_percent`]: '37\n',
  [`${CARD}/mem_info_vram_used`]: '4096\n',
  [`${HWMON}/name`]: 'amdgpu\n',
  [`${HWMON}/power1_average`]: '85000000\n',
  ...more,
})
const intel = (energy: string): Files => ({
  'sys/class/drm/card0/device/vendor': '0x8086\n',
  'sys/class/drm/card0/device/device': '0x56a0\n',
  'sys/class/drm/card0/device/uevent': 'DRIVER=xe\nPCI_SLOT_NAME=0000:0c:00.0\n',
  'sys/class/drm/card0/device/hwmon/hwmon2/energy1_input': `${energy}\n`,
  'sys/class/drm/card0/device/hwmon/hwmon2/energy1_label': 'card\n',
  'sys/class/drm/card0/device/hwmon/hwmon2/energy2_input': '1\n',
  'sys/class/drm/card0/device/hwmon/hwmon2/energy2_label': 'pkg\n',
})
const client = (pci: string, id: number, lines: string): string =>
  `pos:\t0\nflags:\t02100002\ndrm-driver:\tamdgpu\ndrm-pdev:\t${pci}\ndrm-client-id:\t${id}\n${lines}`
const boardsOf = (files: Files) => {
  const made = tree(files)
  return { ...made, boards: new DrmBoards(kernelFiles(), made.roots) }
}

it.each([
  [1, 3, 65_536n * 5n, 5_000_000n],
  [1, 4, 65_536n * 5n, 5_000_000n],
  [1, 5, 65_536n * 5n, 5_000_000n],
  [1, 3, 0n, null],
  [1, 3, 0xffff_ffff_ffff_ffffn, null],
  [1, 0, 65_536n * 5n, null],
])('the energy counter of metrics %i.%i', (format, content, counter, uj) => {
  const { boards } = boardsOf(amd({ [`${CARD}/gpu_metrics`]: metrics(format, content, counter) }))
  expect(boards.snapshot(0n).boards).toMatchObject([
    { uuid: '9d1b2c3d4e5f6071', energyUj: uj, powerMw: 85_000n, utilization: 370_000n, memoryBytes: 4096n },
  ])
})

it('graphics inside a processor has no meter of its own', () => {
  const { boards } = boardsOf(amd({ [`${CARD}/gpu_metrics`]: metrics(2, 2, 1n) }))
  expect(boards.snapshot(0n).boards).toEqual([])
})

it('the card of an Intel board contains its chip', () => {
  expect(boardsOf(intel('123456')).boards.snapshot(0n).boards).toMatchObject([
    { uuid: 'pci-0000:0c:00.0', energyUj: 123_456n, utilization: null },
  ])
})

it('engines of one kind count over their number', () => {
  const text = client(
    '0000:03:00.0',
    9,
    'drm-engine-gfx:\t4000 ns\ndrm-engine-capacity-compute:\t2\ndrm-engine-compute:\t6000 ns\ndrm-memory-vram:\t3 KiB\n',
  )
  expect(parseClient(text)).toMatchObject({ id: '9', busyUs: 7n, memoryBytes: 3072n })
  expect(parseClient('pos:\t0\n')).toBeUndefined()
})

it('from files to the books: a process with two files of one client, another that counts cycles on an Intel board', () => {
  const machineFiles: Files = {
    ...machine(),
    ...amd(),
    ...intel('0'),
    'proc/11/stat': statLine(11, { comm: 'render' }),
    'proc/12/stat': statLine(12, { comm: 'train' }),
    'proc/13/stat': statLine(13, { comm: 'idle' }),
  }
  const made = boardsOf(machineFiles)
  for (const [pid, fd, target] of [
    [11, 3, 'renderD129'],
    [11, 4, 'renderD129'],
    [12, 5, 'renderD128'],
    [13, 6, 'card1'],
  ] as const) {
    made.link(`proc/${pid}/fd/${fd}`, `/dev/dri/${target}`)
  }
  made.link('proc/13/fd/7', '/dev/null')
  const names: Readonly<Record<number, string>> = { 11: 'render', 12: 'train', 13: 'idle' }
  const readings = new GpuReadings({
    ...{
      identity: { tenant: 'default', host: 'h1', hostName: 'one', bootId: 'b' },
      source: 'drm',
      runId: 'r',
    },
    nextRound: () => undefined,
    ownerOf: pid => ({
      group: { kind: 'process', id: names[pid]!, name: names[pid]!, attributes: {} },
      ageUs: 1_000_000_000n,
    }),
  })
  const run = drive({ isSensor: true, metering: { gpu_idle_watts: [{ watts: 10 }] } })
  for (let second = 0; second <= 60; second += 5) {
    const engine = (id: number, ns: number): string =>
      client('0000:03:00.0', id, `drm-engine-gfx:\t${ns} ns\ndrm-engine-compute:\t0 ns\n`)
    const cycles = `drm-cycles-rcs:\t${second * 50}\ndrm-total-cycles-rcs:\t${second * 100}\n`
    made.write({
      ...intel(String(second * 40_000_000)),
      'proc/11/fdinfo/3': engine(1, second * 750_000_000),
      'proc/11/fdinfo/4': engine(1, second * 750_000_000),
      'proc/13/fdinfo/6': engine(3, second * 250_000_000),
      'proc/12/fdinfo/5': client('0000:0c:00.0', 2, cycles).replace('amdgpu', 'xe'),
    })
    run.record(readings.of({ ...made.boards.snapshot(0n), timeUnixNano: at(second) }))
  }
  run.flush(60)
  // 85 W less 10 W in quarters, and 40 W less 10 W.
  expect(grid(run.energy)).toEqual([
    'gpu active idle 1125000000',
    'gpu active render 3375000000',
    'gpu active train 1800000000',
    'gpu idle - 1200000000',
  ])
  expect(run.energy.map(({ GpuUs }) => GpuUs)).toEqual([15_000_000n, 45_000_000n, 30_000_000n, 0n])
})
