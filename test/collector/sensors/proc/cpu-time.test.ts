/**
 * Guarantees: CPU time of the host, of every workload with a control group (v1 and v2) and of processes without one
 * becomes readings in µs, each counted once; processes that disappear, cannot be read or have hostile names never stop
 * a round.
 */
import { chmodSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Reading } from '../../../../collector/readings/reading.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import type { Sensor } from '../../../../collector/sensors/host/sensor.ts'
import { cpuTimeSensor, pageSize } from '../../../../collector/sensors/proc/cpu-time.ts'
import { parseProcessStat } from '../../../../collector/sensors/proc/process-stat.ts'
import { type Files, machine, statLine, type Tree, tree } from '../tree.ts'

const ID = '0123456789abcdef'.repeat(4)
const OTHER = 'f'.repeat(64)
const UID = '0a1b2c3d-1111-2222-3333-444455556666'
const round = { timestampUnixNano: 1_000_000_000n }

function open(fixture: Tree): Sensor {
  const files = kernelFiles()
  const identity = hostIdentity(files, fixture.roots, 'acme', {})
  return cpuTimeSensor({ files, roots: fixture.roots, identity, runId: 'run1' })
}

/** `quantity domain kind id` -> value, of workloads only. */
const workloads = (readings: readonly Reading[]): Record<string, bigint> =>
  Object.fromEntries(
    readings
      .filter(reading => reading.WorkloadKind !== '')
      .map(reading => [
        `${reading.Quantity} ${reading.Domain} ${reading.WorkloadKind} ${reading.WorkloadId}`.replace(
          '  ',
          ' ',
        ),
        reading.Value,
      ]),
  )
const cpuOf = (readings: readonly Reading[]): Record<string, bigint> =>
  Object.fromEntries(
    Object.entries(workloads(readings))
      .filter(([key]) => key.startsWith('cpu_time '))
      .map(([key, value]) => [key.slice('cpu_time '.length), value]),
  )

const v2 = (path: string, usec: number): Files => ({
  [`sys/fs/cgroup${path}/cpu.stat`]: `usage_usec ${usec}\nuser_usec 1\nsystem_usec 1\n`,
  [`sys/fs/cgroup${path}/memory.current`]: '5000\n',
  [`sys/fs/cgroup${path}/memory.stat`]: 'anon 1\ninactive_file 2000\n',
  [`sys/fs/cgroup${path}/cpu.pressure`]: 'some avg10=0.00 avg60=0.00 avg300=0.00 total=777\nfull total=1\n',
})
const V2_ROOT: Files = { 'sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n' }
const POD = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID.replaceAll('-', '_')}.slice`

describe('the host', () => {
  test('CPU time by mode in µs, guest time not counted again, memory used, CPU wait', () => {
    const readings = open(tree(machine())).read(round)
    expect(
      readings.map(reading => [reading.Quantity, reading.Domain, reading.Value, reading.BootId]),
    ).toEqual([
      ['cpu_time', 'user', 1_000_000n, 'boot-1'],
      ['cpu_time', 'nice', 200_000n, 'boot-1'],
      ['cpu_time', 'system', 300_000n, 'boot-1'],
      ['cpu_time', 'idle', 40_000_000n, 'boot-1'],
      ['cpu_time', 'iowait', 500_000n, 'boot-1'],
      ['cpu_time', 'interrupt', 60_000n, 'boot-1'],
      ['cpu_time', 'softirq', 70_000n, 'boot-1'],
      ['cpu_time', 'steal', 80_000n, 'boot-1'],
      ['memory', 'used', 1_073_741_824n, ''],
      ['cpu_wait', '', 30_055_817n, 'boot-1'],
    ])
    expect(new Set(readings.map(reading => `${reading.Tenant} ${reading.Host} ${reading.HostName}`))).toEqual(
      new Set([`acme ${'ab'.repeat(16)} machine-1`]),
    )
  })

  test('without pressure information or control groups there is still CPU time', () => {
    const fixture = tree(machine())
    fixture.remove('proc/pressure')
    expect(open(fixture).read(round)).toHaveLength(9)
  })

  test('an unreadable /proc/stat fails the round and says so', () => {
    const fixture = tree({ ...machine(), 'proc/stat': 'nonsense' })
    expect(() => open(fixture).read(round)).toThrow('/proc/stat')
  })
})

describe('control groups, version 2', () => {
  test('a container in a pod, a unit, a job and a machine: time, working set and wait', () => {
    const fixture = tree({
      ...machine(),
      ...V2_ROOT,
      ...v2(POD, 999),
      ...v2(`${POD}/cri-containerd-${ID}.scope`, 100),
      ...v2('/system.slice', 9999),
      ...v2('/system.slice/nginx.service', 200),
      ...v2('/system.slice/slurmstepd.scope/job_123', 300),
      ...v2('/system.slice/slurmstepd.scope/job_123/step_0', 290),
      ...v2('/machine.slice/machine-qemu\\x2d3\\x2ddb.scope', 400),
      ...v2('/machine.slice/machine-qemu\\x2d3\\x2ddb.scope/libvirt/emulator', 390),
    })
    const readings = open(fixture).read(round)
    expect(cpuOf(readings)).toEqual({
      [`container ${ID}`]: 100n,
      'systemd_unit nginx.service': 200n,
      'slurm_job 123': 300n,
      'vm db': 400n,
    })
    const container = readings.filter(reading => reading.WorkloadKind === 'container')
    expect(container.map(reading => [reading.Quantity, reading.Domain, reading.Value])).toEqual([
      ['cpu_time', '', 100n],
      ['memory', 'working_set', 3000n],
      ['cpu_wait', '', 777n],
    ])
    expect(container[0]).toMatchObject({
      Source: 'cgroup2',
      Attributes: { 'workload.name': '0123456789ab', 'k8s.pod.uid': UID, 'container.id': ID },
    })
  })

  test('its processes are not counted again, and a unit that restarts is a new counter', () => {
    const unit = '/system.slice/nginx.service'
    const fixture = tree({
      ...machine(),
      ...V2_ROOT,
      ...v2(unit, 200),
      'proc/10/stat': statLine(10, { comm: 'nginx' }),
      'proc/10/cgroup': `0::${unit}\n`,
    })
    const sensor = open(fixture)
    const before = sensor.read(round)
    expect(cpuOf(before)).toEqual({ 'systemd_unit nginx.service': 200n })
    // The new folder is made before the old one is removed, so that the file system cannot reuse its number.
    fixture.write({ ...v2('/system.slice/other.service', 1), ...v2('/keep/nginx.service', 250) })
    fixture.remove(`sys/fs/cgroup${unit}`)
    const moved = open(fixture).read(round)
    const life = (readings: readonly Reading[]): string =>
      readings.find(reading => reading.WorkloadId === 'nginx.service')!.BootId
    expect(life(before)).toMatch(/^boot-1\/\d+$/)
    expect(life(moved)).not.toBe(life(before))
  })

  test('a container that started since the last round began at 0; an older one did not', () => {
    const fixture = tree({ ...machine(), ...V2_ROOT, ...v2(`/docker/${ID}`, 100) })
    const sensor = open(fixture)
    const samples = (readings: readonly Reading[]): [string, bigint, bigint][] =>
      readings
        .filter(reading => reading.WorkloadKind !== '' && reading.Quantity !== 'cpu_wait')
        .map(reading => [reading.WorkloadId.slice(0, 1), reading.Timestamp, reading.Value])
    expect(samples(sensor.read({ timestampUnixNano: 5n }))).toEqual([
      ['0', 5n, 100n],
      ['0', 5n, 3000n],
    ])
    fixture.write({ ...machine(1005), ...v2(`/docker/${OTHER}`, 40) })
    const second = sensor.read({ timestampUnixNano: 6n })
    expect(samples(second).sort()).toEqual([
      ['0', 6n, 100n],
      ['0', 6n, 3000n],
      ['f', 5n, 0n],
      ['f', 6n, 3000n],
      ['f', 6n, 40n],
    ])
    expect(new Set(second.filter(found => found.WorkloadId === OTHER).map(found => found.BootId)).size).toBe(
      2,
    )
    expect(samples(sensor.read({ timestampUnixNano: 7n }))).toHaveLength(4)
  })

  test('a container that gets the number of the folder of one that has gone began at 0, too', () => {
    const fixture = tree({ ...machine(), ...V2_ROOT, ...v2(`/docker/${ID}`, 100) })
    const sensor = open(fixture)
    sensor.read({ timestampUnixNano: 5n })
    const docker = join(fixture.roots.sys, 'fs/cgroup/docker')
    renameSync(join(docker, ID), join(docker, OTHER))
    fixture.write({ ...machine(1005), ...v2(`/docker/${OTHER}`, 40) })
    const found = sensor.read({ timestampUnixNano: 6n }).filter(({ WorkloadId }) => WorkloadId === OTHER)
    const times = found.filter(({ Quantity }) => Quantity === 'cpu_time')
    expect(times.map(reading => [reading.Timestamp, reading.Value])).toEqual([
      [5n, 0n],
      [6n, 40n],
    ])
  })

  test('a group that no longer holds other workloads is not treated as new', () => {
    const outer = `/docker/${OTHER}`
    const fixture = tree({
      ...machine(),
      ...V2_ROOT,
      ...v2(outer, 5000),
      ...v2(`${outer}/docker/${ID}`, 1000),
    })
    const sensor = open(fixture)
    sensor.read({ timestampUnixNano: 5n })
    fixture.write(machine(1005))
    fixture.remove(`sys/fs/cgroup${outer}/docker`)
    const times = sensor.read({ timestampUnixNano: 6n }).map(reading => reading.Timestamp)
    expect(new Set(times)).toEqual(new Set([6n]))
  })

  test('a group that holds other workloads is counted by its own processes', () => {
    const outer = `/docker/${OTHER}`
    const fixture = tree({
      ...machine(),
      ...V2_ROOT,
      ...v2(outer, 5000),
      ...v2(`${outer}/docker/${ID}`, 1000),
      'proc/20/stat': statLine(20, { comm: 'dockerd', utime: 5 }),
      'proc/20/cgroup': `0::${outer}/init\n`,
      'proc/21/stat': statLine(21, { comm: 'app', utime: 7 }),
      'proc/21/cgroup': `0::${outer}/docker/${ID}\n`,
    })
    const sensor = open(fixture)
    sensor.read(round)
    fixture.write({
      ...machine(1005),
      'proc/20/stat': statLine(20, { comm: 'dockerd', utime: 8 }),
      'proc/21/stat': statLine(21, { comm: 'app', utime: 99 }),
    })
    expect(cpuOf(sensor.read(round))).toEqual({ [`container ${ID}`]: 1000n, [`container ${OTHER}`]: 30_000n })
  })
})

describe('control groups, version 1', () => {
  test('cpuacct in ns and memory less inactive cache', () => {
    const path = `/docker/${ID}`
    const fixture = tree({
      ...machine(),
      'sys/fs/cgroup/cpu,cpuacct/cpuacct.usage': '999999\n',
      [`sys/fs/cgroup/cpu,cpuacct${path}/cpuacct.usage`]: '123456\n',
      [`sys/fs/cgroup/memory${path}/memory.usage_in_bytes`]: '100\n',
      [`sys/fs/cgroup/memory${path}/memory.stat`]: 'inactive_file 1\ntotal_inactive_file 400\n',
      'proc/30/stat': statLine(30, { comm: 'db' }),
      'proc/30/cgroup': `9:name=systemd:/\n4:memory:${path}\n2:cpu,cpuacct:${path}\n0::/\n`,
    })
    expect(workloads(open(fixture).read(round))).toEqual({
      [`cpu_time container ${ID}`]: 123n,
      [`memory working_set container ${ID}`]: 0n,
    })
  })

  test('everything in the root group: processes are workloads by executable name', () => {
    const fixture = tree({
      ...machine(),
      'sys/fs/cgroup/cpuacct/cpuacct.usage': '999999\n',
      'proc/30/stat': statLine(30, { comm: 'postgres', utime: 10, stime: 5, rss: 3 }),
      'proc/30/cgroup': '2:cpuacct:/\n0::/\n',
      'proc/30/schedstat': '174455415 7000000 440\n',
      'proc/31/stat': statLine(31, { comm: 'postgres', utime: 1, rss: 4 }),
      'proc/31/cgroup': '2:cpuacct:/\n',
      'proc/2/stat': statLine(2, { comm: 'kthreadd', utime: 50, flags: 0x208040 }),
      'proc/self/stat': statLine(1, {}),
    })
    const sensor = open(fixture)
    expect(cpuOf(sensor.read(round))).toEqual({ 'process postgres': 0n })
    fixture.write({
      ...machine(1005),
      'proc/30/stat': statLine(30, { comm: 'postgres', utime: 12, stime: 6, rss: 3 }),
      'proc/30/schedstat': '174455415 9500999 440\n',
      'proc/32/stat': statLine(32, { comm: 'postgres', utime: 4, start: 100_100, rss: 1 }),
    })
    const readings = sensor.read(round)
    expect(workloads(readings)).toEqual({
      'cpu_time process postgres': 70_000n,
      'cpu_wait process postgres': 2500n,
      'memory rss process postgres': 8n * 4096n,
    })
    expect(readings.find(reading => reading.WorkloadId === 'postgres')).toMatchObject({
      BootId: 'boot-1/run1',
      Source: 'proc',
      Attributes: { 'workload.name': 'postgres', 'process.executable.name': 'postgres' },
    })
    // All of them end: the counter stays where it was, memory has no value.
    fixture.remove('proc/30', 'proc/31', 'proc/32')
    expect(workloads(sensor.read(round))).toEqual({
      'cpu_time process postgres': 70_000n,
      'cpu_wait process postgres': 2500n,
    })
  })

  test('a runtime that overwrites its name is identified by its executable; exec is detected', () => {
    const fixture = tree({
      ...machine(),
      'proc/40/stat': statLine(40, { comm: 'MainThread' }),
      'proc/41/stat': statLine(41, { comm: 'MainThread' }),
      'proc/42/stat': statLine(42, { comm: 'sh' }),
      'proc/43/stat': statLine(43, { comm: 'npm exec tsc --' }),
      'proc/44/stat': statLine(44, { comm: 'my title ' }),
    })
    fixture.link('proc/40/exe', '/usr/local/bin/node24 (deleted)')
    fixture.link('proc/43/exe', '/usr/local/bin/npm-node')
    const sensor = open(fixture)
    expect(Object.keys(cpuOf(sensor.read(round))).sort()).toEqual([
      'process my title',
      'process node',
      'process node24',
      'process npm-node',
      'process sh',
    ])
    fixture.write({ 'proc/42/stat': statLine(42, { comm: 'make', utime: 3 }) })
    const after = sensor.read({ timestampUnixNano: 2_000_000_000n })
    expect(cpuOf(after)).toMatchObject({ 'process sh': 0n, 'process make': 30_000n })
    const make = after.filter(found => found.WorkloadId === 'make' && found.Quantity === 'cpu_time')
    expect(make.map(found => [found.Timestamp, found.Value])).toEqual([
      [1_000_000_000n, 0n],
      [2_000_000_000n, 30_000n],
    ])
  })

  test("short-lived children are counted with the parent that waited for them, within the machine's total", () => {
    const at = (uptime: number, user: number): Files => ({
      ...machine(uptime),
      'proc/stat': `cpu  ${user} 0 0 1000 0 0 0 0\ncpu0 1\n`,
    })
    const fixture = tree({ ...at(1000, 100), 'proc/60/stat': statLine(60, { comm: 'make' }) })
    const sensor = open(fixture)
    sensor.read(round)
    fixture.write({ ...at(1005, 200), 'proc/60/stat': statLine(60, { comm: 'make', childTicks: 40 }) })
    expect(cpuOf(sensor.read(round))).toEqual({ 'process make': 400_000n })
    fixture.write({ ...at(1010, 230), 'proc/60/stat': statLine(60, { comm: 'make', childTicks: 90 }) })
    expect(cpuOf(sensor.read(round))).toEqual({ 'process make': 700_000n })
  })

  test('hostile names, half-written lines and unreadable files never stop the round', () => {
    const fixture = tree({
      ...machine(),
      'proc/50/stat': statLine(50, { comm: 'a) S 1 (b', utime: 1 }),
      'proc/51/stat': statLine(51, { comm: Uint8Array.of(0x66, 0xff, 0x1b, 0x0a) }),
      'proc/52/stat': statLine(52, { comm: '' }),
      'proc/53/stat': '53 (cut) S 1 2',
      'proc/54/stat': '',
      'proc/55/comm': 'no stat at all',
      'proc/56/stat': statLine(56, { comm: 'secret' }),
    })
    chmodSync(`${fixture.roots.proc}/56/stat`, 0)
    const names = Object.keys(cpuOf(open(fixture).read(round)))
    expect(names.filter(name => name !== 'process secret').sort()).toEqual([
      'process ?',
      'process a) S 1 (b',
      'process f\ufffd??',
    ])
  })
})

describe('parseProcessStat', () => {
  test('numbers are found in their places whatever the name', () => {
    for (const comm of ['x', ') R 9 9 9', '((()))', ' ', '1 2 3']) {
      const line = statLine(7, { comm, utime: 11, stime: 22, start: 33, rss: 44, parent: 55, childTicks: 66 })
      expect(parseProcessStat(line)).toEqual({
        comm,
        isKernelThread: false,
        cpuTicks: 33,
        parentPid: 55,
        childTicks: 66,
        startTicks: 33,
        residentPages: 44,
      })
    }
  })
})

describe('pageSize', () => {
  test('comes from the auxiliary vector, 4096 without one', () => {
    const vector = Buffer.alloc(48)
    vector.writeBigUInt64LE(33n, 0)
    vector.writeBigUInt64LE(6n, 16)
    vector.writeBigUInt64LE(65_536n, 24)
    const fixture = tree({ 'proc/self/auxv': vector })
    expect(pageSize(kernelFiles(), fixture.roots.proc)).toBe(65_536)
    expect(pageSize(kernelFiles(), '/nowhere')).toBe(4096)
  })
})
