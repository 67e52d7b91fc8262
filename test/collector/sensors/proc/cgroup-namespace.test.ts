/**
 * Guarantees: inside a container's cgroup namespace every process is found in its workload's control group, so that
 * nothing is counted twice; if the container's own place cannot be determined, the round fails and reports it.
 */
import { describe, expect, test } from 'vitest'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import { cpuTimeSensor } from '../../../../collector/sensors/proc/cpu-time.ts'
import { type Files, machine, statLine, type Tree, tree } from '../tree.ts'

const OWN = `/kubepods.slice/kubepods-besteffort.slice/cri-containerd-${'a'.repeat(64)}.scope`
const NEIGHBOUR = `/kubepods.slice/kubepods-besteffort.slice/cri-containerd-${'b'.repeat(64)}.scope`

const group = (path: string, usec: number): Files => ({
  [`sys/fs/cgroup${path}/cpu.stat`]: `usage_usec ${usec}\n`,
})

/** A node as a container on it reads it: three control groups, one process in each, paths as seen from the first. */
function node(): Tree {
  return tree({
    ...machine(),
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    ...group(OWN, 1_000_000),
    ...group(NEIGHBOUR, 2_000_000),
    ...group('/system.slice/kubelet.service', 3_000_000),
    'proc/1/stat': statLine(1, { comm: 'systemd', utime: 5 }),
    'proc/1/cgroup': '0::/../../../init.scope\n',
    'proc/10/stat': statLine(10, { comm: 'wattline', utime: 100 }),
    'proc/10/cgroup': '0::/\n',
    'proc/20/stat': statLine(20, { comm: 'shop', utime: 200 }),
    'proc/20/cgroup': `0::/../cri-containerd-${'b'.repeat(64)}.scope\n`,
    'proc/30/stat': statLine(30, { comm: 'kubelet', utime: 300 }),
    'proc/30/cgroup': '0::/../../../system.slice/kubelet.service\n',
    'proc/40/stat': statLine(40, { comm: 'agetty', utime: 400 }),
    'proc/40/cgroup': '0::/../../../\n',
  })
}

function cpuTime(fixture: Tree): string[] {
  const files = kernelFiles()
  const identity = hostIdentity(files, fixture.roots, 'acme', {})
  const sensor = cpuTimeSensor({ files, roots: fixture.roots, identity, runId: 'r' })
  return sensor
    .read({ timestampUnixNano: 1n })
    .filter(reading => reading.WorkloadKind !== '' && reading.Quantity === 'cpu_time')
    .map(reading => `${reading.WorkloadKind} ${reading.WorkloadId.slice(0, 16)} ${reading.Value}`)
    .sort()
}

describe('in the cgroup namespace of a container', () => {
  test('each process is part of its control group, and none is counted twice', () => {
    const fixture = node()
    fixture.link('own-sys/fs/cgroup', `${fixture.roots.sys}/fs/cgroup${OWN}`)
    // What is added up from processes starts at 0 with this round; the others are the groups' own counters.
    expect(cpuTime(fixture)).toEqual([
      'container aaaaaaaaaaaaaaaa 1000000',
      'container bbbbbbbbbbbbbbbb 2000000',
      'process agetty 0',
      'systemd_unit init.scope 0',
      'systemd_unit kubelet.service 3000000',
    ])
  })

  test('a container without a view of its own group cannot tell where it is', () => {
    expect(() => cpuTime(node())).toThrow('Cannot find the control group of this container')
  })

  test('a view of another tree is not used in its place', () => {
    const fixture = node()
    fixture.write({ 'own-sys/fs/cgroup/cgroup.controllers': 'cpu\n' })
    expect(() => cpuTime(fixture)).toThrow('is not a folder below')
  })
})
