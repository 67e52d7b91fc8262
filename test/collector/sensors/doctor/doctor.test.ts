/**
 * Guarantees: `wattline doctor` names every meter of a machine, with what it reads, or why not and the exact command that
 * changes it; the sensors read what it says they read.
 */
import { describe, expect, test } from 'vitest'
import { renderDoctor } from '../../../../cli/doctor.ts'
import {
  diagnoseControllers,
  ownControllerProblem,
} from '../../../../collector/sensors/doctor/controllers.ts'
import { withUnreadBoards } from '../../../../collector/sensors/doctor/gpus.ts'
import { diagnoseMachine } from '../../../../collector/sensors/doctor/machine.ts'
import { type Controller, ControllerError } from '../../../../collector/sensors/host/controller.ts'
import { type KernelFiles, kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import { openMeters } from '../../../../collector/sensors/meters.ts'
import { PerfError } from '../../../../collector/sensors/perf/open-counter.ts'
import type { OpenCounter } from '../../../../collector/sensors/perf/perf.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import { type Files, machine, tree } from '../tree.ts'

const { sensors: defaults } = configSchema.parse({})

function diagnose(
  files: Files,
  config: object = {},
  kernel: KernelFiles = kernelFiles(),
  openPerf?: OpenCounter,
) {
  const { roots } = tree({ ...machine(), ...files })
  const options = { config: { ...defaults, ...config }, files: kernel, roots, openPerf }
  const lines = diagnoseMachine(options).map(({ meter, state, detail, command }) =>
    [meter, state, detail, command].map(text => text.replaceAll(roots.sys, '/sys')).join(' | '),
  )
  return { lines, of: (meter: string) => lines.filter(line => line.startsWith(meter)), roots, options }
}

const zone = (entry: string, name: string): Files => ({
  [`sys/class/powercap/${entry}/name`]: `${name}\n`,
  [`sys/class/powercap/${entry}/energy_uj`]: '1000\n',
})

describe('processors', () => {
  test('what is read, and what is left out', () => {
    const { lines } = diagnose({ ...zone('intel-rapl:0', 'package-0'), ...zone('intel-rapl:1', 'psys') })
    expect(lines).toEqual([
      'cpu_time | reads | host, control groups and processes | ',
      'control groups | absent | no CPU accounting by control group; processes are read one by one | sudo mount -t cgroup2 none /sys/fs/cgroup',
      expect.stringMatching(/^ended processes \| absent \| .* not of the running kernel \| $/),
      expect.stringMatching(/^CPU wait \| reads/),
      'rapl package-0 | reads | /sys/class/powercap/intel-rapl:0/energy_uj | ',
      'rapl psys | left_out | already measured by another zone, or covers what the board maker decided | ',
      'hwmon | absent | no chip of this machine measures power | ',
      'estimate | left_out | not needed: there is a meter | ',
    ])
  })

  test('a counter that only root may read: the command, and the estimate in its place', () => {
    const path = 'class/powercap/intel-rapl:0/energy_uj'
    const plain = kernelFiles()
    // As the kernel answers another user than root.
    const denied: KernelFiles = {
      ...plain,
      problem: at => (at.endsWith(path) ? 'EACCES' : plain.problem(at)),
      text: at => (at.endsWith(path) ? undefined : plain.text(at)),
    }
    const { of } = diagnose(zone('intel-rapl:0', 'package-0'), {}, denied)
    expect(of('rapl')).toEqual([
      `rapl /sys/${path} | cannot | only root may read it | sudo chmod a+r /sys/${path}`,
    ])
    expect(of('estimate')).toEqual([
      'estimate | reads | processor and memory by the power curve of Cascade Lake, ±35 % | ',
    ])
  })

  test.each<[string, string, RegExp]>([
    [
      'a driver that is not loaded',
      'vendor_id\t: AuthenticAMD\nflags\t\t: fpu\n',
      /sudo modprobe intel_rapl_msr$/,
    ],
    ['a virtual machine', 'vendor_id\t: GenuineIntel\nflags\t\t: fpu hypervisor\n', /\/var\/scaphandre/],
    ['another processor', 'CPU implementer\t: 0x41\n', /no RAPL counters \| $/],
  ])('%s', (_, cpu, expected) => {
    expect(diagnose({ 'proc/cpuinfo': cpu }).of('rapl')[0]).toMatch(expected)
  })
})

describe('other meters', () => {
  test('chips: known, unknown with the lines that name them, and a driver that is not loaded', () => {
    const { of } = diagnose({
      'sys/class/hwmon/hwmon0/name': 'ina226\n',
      'sys/class/hwmon/hwmon0/power1_input': '5\n',
      'sys/class/hwmon/hwmon1/name': 'zenpower\n',
      'sys/class/hwmon/hwmon1/power1_input': '5\n',
      'sys/class/hwmon/hwmon1/power1_label': 'SVI2_P_Core\n',
      'sys/bus/acpi/devices/ACPI000D:00/path': '\\_SB\n',
    })
    expect(of('hwmon')).toEqual([
      'hwmon core-0 | reads | zenpower/SVI2_P_Core | ',
      expect.stringMatching(
        /^hwmon ina226\/power1 \| left_out \| unknown.*\| sensors: \{ hwmon_domains: \{ "ina226\/power1": host \} \}$/,
      ),
      expect.stringMatching(/sudo modprobe acpi_power_meter$/),
    ])
  })

  test('the lines that it gives make the sensors read the chip', () => {
    const files = { 'sys/class/hwmon/hwmon0/name': 'ina226\n', 'sys/class/hwmon/hwmon0/power1_input': '5\n' }
    const { of } = diagnose(files, { hwmon_domains: { 'ina226/power1': 'host' } })
    expect(of('hwmon')).toEqual(['hwmon host hwmon0/power1 | reads | ina226/power1 | '])
    expect(of('estimate')[0]).toMatch(/left_out/)
  })

  test('batteries', () => {
    const { of } = diagnose(
      {
        'sys/class/power_supply/BAT0/type': 'Battery\n',
        'sys/class/power_supply/BAT0/status': 'Charging\n',
        'sys/class/power_supply/BAT0/power_now': '1\n',
      },
      {},
    )
    expect(of('battery')).toEqual([
      'battery BAT0 | reads | nothing now (Charging): only while it discharges | ',
    ])
    const supply = 'sys/class/power_supply/BAT0'
    const discharging = { [`${supply}/type`]: 'Battery\n', [`${supply}/status`]: 'Discharging\n' }
    expect(diagnose({ ...discharging, [`${supply}/energy_now`]: '1\n' }).of('battery')).toEqual([
      'battery BAT0 | reads | the whole machine, by what it still holds | ',
    ])
    expect(diagnose(discharging).of('battery')).toEqual([
      'battery BAT0 | cannot | its driver reports neither power nor current, nor what it holds | ',
    ])
  })

  test('switched off', () => {
    const off = { cpu_time: 'off', rapl: 'off', hwmon: 'off', battery: 'off', guest: 'off', estimate: 'off' }
    expect(diagnose({}, off).lines.every(line => line.includes('left_out'))).toBe(true)
  })

  test('a container that does not see the host', () => {
    const { options } = diagnose({})
    const blind: KernelFiles = { ...kernelFiles(), problem: () => 'ENOENT' }
    const [first] = diagnoseMachine({ ...options, files: blind })
    expect(first).toMatchObject({
      state: 'cannot',
      command: expect.stringContaining('sensors.host_root: /host'),
    })
  })
})

test('the sensors read what the doctor says they read', () => {
  const files = {
    ...zone('intel-rapl:0', 'package-0'),
    ...zone('intel-rapl:0:0', 'core'),
    'sys/class/hwmon/hwmon0/name': 'power_meter\n',
    'sys/class/hwmon/hwmon0/power1_average': '5000000\n',
  }
  const { options, lines } = diagnose(files)
  const identity = hostIdentity(options.files, options.roots, 'acme', {})
  const opened = openMeters({ ...options, identity, events: { emit: () => {} }, runId: 'r' })
  const read = opened.flatMap(sensor => sensor.read({ timestampUnixNano: 1n })).map(({ Domain }) => Domain)
  const told = lines.flatMap(line => /^(?:rapl|hwmon) (\S+) \| reads/.exec(line)?.[1] ?? [])
  expect(read.toSorted()).toEqual(told.toSorted())
})

/** As the kernel answers another user than root. */
const denying = (pattern: RegExp): KernelFiles => {
  const plain = kernelFiles()
  return {
    ...plain,
    problem: at => (pattern.test(at) ? 'EACCES' : plain.problem(at)),
    text: at => (pattern.test(at) ? undefined : plain.text(at)),
  }
}

describe('each meter that cannot be read has its command', () => {
  test('powercap that a container runtime hides', () => {
    const { of } = diagnose({ 'sys/class/powercap/intel-rapl:0/uevent': '' })
    expect(of('rapl')).toEqual([
      expect.stringMatching(/cannot \| the container runtime hides .*-v \/sys\/class\/powercap/),
    ])
  })

  test('counters of perf: read, refused, and never beside powercap', () => {
    const events = 'sys/bus/event_source/devices/power'
    const files = {
      [`${events}/type`]: '21',
      [`${events}/cpumask`]: '0',
      [`${events}/events/energy-pkg`]: 'event=0x02',
      [`${events}/events/energy-pkg.scale`]: '2.3283064365386962890625e-10',
      [`${events}/events/energy-pkg.unit`]: 'Joules',
    }
    const reads = diagnose(files, {}, kernelFiles(), () => ({ read: () => 0n, close: () => {} }))
    expect(reads.of('perf')).toEqual(['perf package-0 | reads | power/energy-pkg on CPU 0 | '])
    expect(reads.of('estimate')[0]).toMatch(/not needed/)
    const refuses = (): never => {
      throw new PerfError(13)
    }
    expect(diagnose(files, {}, kernelFiles(), refuses).of('perf')).toEqual([
      expect.stringMatching(/cannot .*CAP_PERFMON.* \| sudo sysctl kernel\.perf_event_paranoid=0/),
    ])
    expect(
      diagnose({ ...files, ...zone('intel-rapl:0', 'package-0') }, {}, kernelFiles(), refuses).of('perf'),
    ).toEqual([])
  })

  test('a chip that only root may read, one core, and a firmware that measures nothing yet', () => {
    const files = {
      'sys/class/hwmon/hwmon0/name': 'power_meter\n',
      'sys/class/hwmon/hwmon0/power1_average': '5000000\n',
      'sys/class/hwmon/hwmon1/name': 'amd_energy\n',
      'sys/class/hwmon/hwmon1/energy1_input': '5\n',
      'sys/class/hwmon/hwmon1/energy1_label': 'Ecore000\n',
    }
    expect(diagnose(files, {}, denying(/power1_average$/)).of('hwmon')).toEqual([
      expect.stringMatching(
        /^hwmon power_meter\/power1 \| cannot .*EACCES.* \| sudo chmod a\+r .*hwmon0\/power1_average$/,
      ),
      expect.stringMatching(/^hwmon amd_energy\/Ecore000 \| left_out .* \| sensors: \{ per_core: on \}$/),
    ])
    const plain = kernelFiles()
    const silent = {
      ...plain,
      problem: (at: string) => (at.endsWith('_average') ? 'ENODATA' : plain.problem(at)),
    }
    expect(diagnose(files, {}, silent).of('hwmon power_meter')[0]).toMatch(/in the firmware \(BIOS\)$/)
  })

  test('the folder of the hypervisor: read, denied, not mounted in a virtual machine, of no use elsewhere', () => {
    const { roots } = tree(machine())
    const folder = `${roots.etc}/scaphandre`
    const guest = (files: Files, kernel?: KernelFiles) => {
      const { options } = diagnose(files, {}, kernel)
      const config = { ...options.config, guest_folder: `${options.roots.etc}/scaphandre` }
      return diagnoseMachine({ ...options, config }).filter(({ meter }) => meter.startsWith('guest'))
    }
    const counter = { 'etc/scaphandre/intel-rapl:0/energy_uj': '5\n' }
    expect(folder).toContain('scaphandre')
    expect(guest(counter)[0]).toMatchObject({ meter: 'guest package-0', state: 'reads' })
    expect(guest(counter, denying(/scaphandre.*energy_uj$/))[0]).toMatchObject({
      ...{
        state: 'cannot',
        command: expect.stringMatching(/^sudo chmod a\+r .*scaphandre\/intel-rapl:0\/energy_uj$/),
      },
    })
    const virtual = { 'proc/cpuinfo': 'vendor_id\t: GenuineIntel\nflags\t\t: fpu hypervisor\n' }
    expect(guest(virtual)[0]).toMatchObject({
      ...{ state: 'absent', command: expect.stringMatching(/mount -t virtiofs scaphandre .*scaphandre$/) },
    })
    expect(guest({})).toEqual([])
  })

  test('control groups of both versions, and memory that the kernel does not account', () => {
    const version2 = { 'sys/fs/cgroup/cgroup.controllers': 'cpu memory pids\n' }
    expect(diagnose(version2).of('control groups')[0]).toMatch(/version 2/)
    expect(diagnose(version2).of('memory')[0]).toMatch(/^memory of workloads \| reads/)
    expect(diagnose({ 'sys/fs/cgroup/cgroup.controllers': 'cpu pids\n' }).of('memory')[0]).toMatch(
      /cgroup_enable=memory/,
    )
    const version1 = { 'sys/fs/cgroup/cpu,cpuacct/cpuacct.usage': '1\n' }
    expect(diagnose(version1).of('control groups')[0]).toMatch(/version 1/)
    expect(diagnose(version1).of('memory')[0]).toMatch(/absent/)
    const memory = { ...version1, 'sys/fs/cgroup/memory/memory.usage_in_bytes': '1\n' }
    expect(diagnose(memory).of('memory')[0]).toMatch(/reads/)
  })

  test('an old kernel: no pressure', () => {
    const { options } = diagnose({})
    const plain = kernelFiles()
    const old = { ...plain, text: (at: string) => (at.includes('/pressure/') ? undefined : plain.text(at)) }
    expect(
      diagnoseMachine({ ...options, files: old }).find(({ meter }) => meter === 'CPU wait'),
    ).toMatchObject({
      ...{ state: 'absent', command: 'psi=1 on the command line of the kernel' },
    })
  })

  test.each<[string, Files, boolean, RegExp]>([
    [
      'NVIDIA without a driver',
      { vendor: '0x10de', class: '0x030200' },
      false,
      /cannot.*not loaded.*modprobe nvidia/,
    ],
    [
      'NVIDIA by nouveau',
      { vendor: '0x10de', class: '0x030000', uevent: 'DRIVER=nouveau' },
      false,
      /nouveau has no meter.*install/,
    ],
    [
      'NVIDIA in a container',
      { vendor: '0x10de', class: '0x030200', uevent: 'DRIVER=nvidia' },
      false,
      /docker run --gpus all/,
    ],
    ['AMD without a driver', { vendor: '0x1002', class: '0x120000' }, false, /modprobe amdgpu/],
    ['Intel without a driver', { vendor: '0x8086', class: '0x038000' }, false, /modprobe xe/],
    [
      'given to a virtual machine',
      { vendor: '0x10de', class: '0x030200', uevent: 'DRIVER=vfio-pci' },
      false,
      /left_out.*virtual machine/,
    ],
    [
      'a board that a source reads',
      { vendor: '0x10de', class: '0x030200', uevent: 'DRIVER=nvidia' },
      true,
      /^nvml GPU-1 reads/,
    ],
    ['another device of NVIDIA', { vendor: '0x10de', class: '0x040300' }, false, /^gpu absent/],
  ])('boards: %s', (_, device, isRead, expected) => {
    const files = Object.fromEntries(
      Object.entries(device).map(([name, text]) => [`sys/bus/pci/devices/0000:17:00.0/${name}`, text]),
    )
    const { roots } = tree({ ...machine(), ...files })
    const read = { meter: 'nvml GPU-1', state: 'reads', detail: 'H100', command: '' } as const
    const findings = withUnreadBoards(isRead ? [read] : [], kernelFiles(), roots)
    expect(findings.map(one => Object.values(one).join(' '))).toEqual([expect.stringMatching(expected)])
  })
})

describe('controllers', () => {
  const controller = (read: Controller['read']): Controller => ({
    name: 'https://10.0.0.1',
    source: 'redfish',
    read,
    close: async () => {},
  })
  const host = { tenant: 't', host: 'node-1', hostName: 'node-1' }

  test('what they show, and what to do where they do not', async () => {
    const findings = await diagnoseControllers(
      [
        controller(async () => [{ host, milliwatts: 212_500n, energy: { microjoules: 1n, life: '' } }]),
        controller(async () => {
          throw new ControllerError('credentials', 'It answered 401. Check user and password; role ReadOnly.')
        }),
      ],
      1000,
    )
    expect(findings).toEqual([
      {
        meter: 'redfish node-1',
        state: 'reads',
        detail: 'https://10.0.0.1, 212.5 W, an energy counter',
        command: '',
      },
      {
        meter: 'redfish https://10.0.0.1',
        state: 'cannot',
        detail: 'It answered 401.',
        command: 'Check user and password; role ReadOnly.',
      },
    ])
  })

  test("this machine's own: driver, tool, or none", () => {
    const files = kernelFiles()
    const without = tree(machine()).roots
    const withEntry = tree({ ...machine(), 'sys/firmware/dmi/entries/38-0/raw': 'x' }).roots
    const none = { device: undefined, tool: undefined }
    expect(ownControllerProblem(none, files, without)?.state).toBe('absent')
    expect(ownControllerProblem(none, files, withEntry)?.command).toBe(
      'sudo modprobe -a ipmi_si ipmi_devintf',
    )
    expect(ownControllerProblem({ ...none, device: '/dev/ipmi0' }, files, without)?.command).toMatch(
      /install ipmitool/,
    )
    expect(
      ownControllerProblem({ device: '/dev/ipmi0', tool: '/usr/bin/ipmitool' }, files, without),
    ).toBeNull()
  })
})

test('as a table, and as JSON', () => {
  const answer = {
    host: 'id-1',
    host_name: 'node-1',
    findings: [
      { meter: 'rapl package-0', state: 'reads', detail: '/sys/x', command: '' },
      {
        meter: 'rapl dram-0',
        state: 'cannot',
        detail: 'only root may read it',
        command: 'sudo chmod a+r /sys/y',
      },
    ],
  } as const
  expect(renderDoctor(answer, 'table').split('\n')).toEqual([
    'Host node-1 (id-1)',
    '',
    'meter           state   what',
    'rapl package-0  reads   /sys/x',
    'rapl dram-0     CANNOT  only root may read it',
    '',
    'What changes that:',
    '  rapl dram-0: sudo chmod a+r /sys/y',
    '',
  ])
  expect(JSON.parse(renderDoctor(answer, 'json'))).toEqual(answer)
})
