/** The meters of this machine: what each reads, and what would make it readable. */
import type { MeterFinding } from '../../../core/api/meter-findings.ts'
import { powerModelOf } from '../../../core/books/cpu-families.ts'
import type { Config } from '../../../core/catalogue/config/schema.ts'
import { batteryMicrojoules, batteryMicrowatts, findBatteries } from '../battery/battery.ts'
import { parseCpuInfo } from '../estimate/cpu-info.ts'
import { isExitSource, openExits } from '../exits/exits.ts'
import type { KernelFiles } from '../host/files.ts'
import type { Roots } from '../host/sensor.ts'
import { type LeftOutSensor, probeHwmon } from '../hwmon/probe.ts'
import { openCounter } from '../perf/open-counter.ts'
import { type OpenCounter, PerfCounters, perfProblem } from '../perf/perf.ts'
import { type CgroupTree, findCgroupTree } from '../proc/cgroups.ts'
import { findGuestPackages } from '../rapl/guest.ts'
import { probeRapl } from '../rapl/rapl.ts'

/** What the checks look at. */
export interface MachineOptions {
  readonly config: Config['sensors']
  readonly files: KernelFiles
  readonly roots: Roots
  /** For tests. */
  readonly openPerf?: OpenCounter | undefined
}

const found = (meter: string, state: MeterFinding['state'], detail: string, command = ''): MeterFinding => ({
  meter,
  state,
  detail,
  command,
})

/** In the order in which they are read. */
export function diagnoseMachine(options: MachineOptions): MeterFinding[] {
  const measured = [...rapl(options), ...hwmon(options), ...guest(options)]
  const hasMeter = measured.some(
    ({ state, meter }) => state === 'reads' && /^(rapl|perf|hwmon|guest) (host|package)/.test(meter),
  )
  return [...cpuTime(options), ...measured, ...batteries(options), estimate(options, hasMeter)]
}

/** Memory of workloads is accounted by another controller than their CPU time. */
function groupMemory(files: KernelFiles, { version, memoryRoot }: CgroupTree): MeterFinding[] {
  const controllers = files.text(`${memoryRoot}/cgroup.controllers`)?.split(' ') ?? []
  const isThere =
    version === 2
      ? controllers.includes('memory')
      : files.problem(`${memoryRoot}/memory.usage_in_bytes`) === undefined
  if (isThere) return [found('memory of workloads', 'reads', `${memoryRoot}, by control group`)]
  const command = 'cgroup_enable=memory on the command line of the kernel'
  return [
    found('memory of workloads', 'absent', 'the kernel does not account memory by control group', command),
  ]
}

function cpuTime({ config, files, roots }: MachineOptions): MeterFinding[] {
  if (config.cpu_time === 'off') return [found('cpu_time', 'left_out', 'sensors.cpu_time is off')]
  const problem = files.problem(`${roots.proc}/stat`)
  if (problem !== undefined) {
    const command = 'docker run -v /:/host:ro ... and sensors.host_root: /host'
    return [found('cpu_time', 'cannot', `${roots.proc}/stat cannot be read (${problem})`, command)]
  }
  const tree = findCgroupTree(files, roots.sys)
  const groups =
    tree === undefined
      ? found(
          'control groups',
          'absent',
          'no CPU accounting by control group; processes are read one by one',
          'sudo mount -t cgroup2 none /sys/fs/cgroup',
        )
      : found(
          'control groups',
          'reads',
          `version ${tree.version}: CPU time of workloads, ended processes included`,
        )
  const pressure =
    files.text(`${roots.proc}/pressure/cpu`) === undefined
      ? found(
          'CPU wait',
          'absent',
          'the kernel does not account CPU pressure',
          'psi=1 on the command line of the kernel',
        )
      : found('CPU wait', 'reads', `${roots.proc}/pressure/cpu`)
  return [
    found('cpu_time', 'reads', 'host, control groups and processes'),
    groups,
    ...(tree === undefined ? [] : groupMemory(files, tree)),
    endedProcesses({ config, files, roots }),
    pressure,
  ]
}

function endedProcesses({ config, files, roots }: MachineOptions): MeterFinding {
  const meter = 'ended processes'
  if (config.exit_accounting === 'off') return found(meter, 'left_out', 'sensors.exit_accounting is off')
  const opened = openExits(files, roots)
  if (isExitSource(opened)) {
    opened.close()
    return found(meter, 'reads', 'taskstats: CPU time of processes that begin and end between two rounds')
  }
  return found(meter, opened.isDenied ? 'cannot' : 'absent', opened.reason, opened.command)
}

function rapl({ config, files, roots, openPerf }: MachineOptions): MeterFinding[] {
  if (config.rapl === 'off') return [found('rapl', 'left_out', 'sensors.rapl is off')]
  const probe = probeRapl(files, roots)
  const readable = probe.zones.map(({ domain, folder }) =>
    found(`rapl ${domain}`, 'reads', `${folder}/energy_uj`),
  )
  const leftOut = probe.leftOut.map(name =>
    found(
      `rapl ${name}`,
      'left_out',
      'already measured by another zone, or covers what the board maker decided',
    ),
  )
  const unreadable = probe.unreadable.map(text => {
    const [, path = text, code = ''] = /^(\S+) \((\w+)\)$/.exec(text) ?? []
    const reason = code === 'EACCES' ? 'only root may read it' : code
    return found(`rapl ${path}`, 'cannot', reason, code === 'EACCES' ? readableBy(path) : '')
  })
  const all = [...readable, ...leftOut, ...unreadable]
  const others = readable.length > 0 ? [] : perf({ config, files, roots, openPerf })
  return [...(all.length > 0 ? all : [noRapl(files, roots)]), ...others]
}

/** The same counters by perf, which are read where powercap shows none. */
function perf({ config, files, roots, openPerf = openCounter }: MachineOptions): MeterFinding[] {
  const counters = new PerfCounters()
  const { opened, refused } = counters.open(files, roots, config.per_core === 'on', openPerf)
  counters.close()
  return [
    ...opened.map(({ event }) => found(`perf ${event.domain}`, 'reads', `${event.name} on CPU ${event.cpu}`)),
    ...refused.map(({ event, error }) => {
      const { reason, command } = perfProblem(error)
      return found(`perf ${event.domain}`, 'cannot', `${event.name}: ${reason}`, command)
    }),
  ]
}

/** Until the next boot; docs/meters.md has the lasting one. */
const readableBy = (path: string): string => `sudo chmod a+r ${path}`

const isVirtual = ({ files, roots }: Pick<MachineOptions, 'files' | 'roots'>): boolean =>
  /^flags\s*:.*\bhypervisor\b/m.test(files.text(`${roots.proc}/cpuinfo`) ?? '')

function noRapl(files: KernelFiles, roots: Roots): MeterFinding {
  // Links to zones whose folder is hidden, as container runtimes do.
  if (files.names(`${roots.sys}/class/powercap`).some(name => /^intel-rapl(-mmio)?:/.test(name))) {
    const detail = 'the container runtime hides /sys/devices/virtual/powercap'
    const command =
      'docker run -v /sys/devices/virtual/powercap:/host/sys/devices/virtual/powercap:ro -v /sys/class/powercap:/host/sys/class/powercap:ro ... and sensors.host_root: /host'
    return found('rapl', 'cannot', detail, command)
  }
  const cpu = files.text(`${roots.proc}/cpuinfo`) ?? ''
  if (isVirtual({ files, roots })) {
    const detail = 'a virtual machine: the hypervisor does not pass counters on'
    return found(
      'rapl',
      'absent',
      detail,
      'mount the folder of Scaphandre at /var/scaphandre, or keep the estimate',
    )
  }
  if (/^vendor_id\s*: (GenuineIntel|AuthenticAMD|HygonGenuine)/m.test(cpu)) {
    return found('rapl', 'absent', 'no zones under /sys/class/powercap', 'sudo modprobe intel_rapl_msr')
  }
  return found('rapl', 'absent', 'this processor has no RAPL counters')
}

function hwmon({ config, files, roots }: MachineOptions): MeterFinding[] {
  if (config.hwmon === 'off') return [found('hwmon', 'left_out', 'sensors.hwmon is off')]
  const { meters, leftOut } = probeHwmon(files, roots, config)
  const findings = [
    ...meters.map(({ domain, device, chip, label, channel }) =>
      found(`hwmon ${domain}${device === '' ? '' : ` ${device}`}`, 'reads', `${chip}/${label || channel}`),
    ),
    ...leftOut.map(sensor => {
      const { name, reason } = sensor
      const command = hwmonCommand(sensor)
      return found(`hwmon ${name}`, reason.startsWith('cannot') ? 'cannot' : 'left_out', reason, command)
    }),
  ]
  const acpi = files.names(`${roots.sys}/bus/acpi/devices`).some(name => name.startsWith('ACPI000D'))
  if (acpi && !findings.some(({ detail, meter }) => `${meter} ${detail}`.includes('power_meter'))) {
    const detail = 'the firmware has a power meter, but its driver is not loaded'
    findings.push(found('hwmon power_meter', 'absent', detail, 'sudo modprobe acpi_power_meter'))
  }
  return findings.length > 0 ? findings : [found('hwmon', 'absent', 'no chip of this machine measures power')]
}

/** What changes that a sensor of a chip is not read. */
function hwmonCommand({ name, reason, path }: LeftOutSensor): string {
  if (reason.startsWith('unknown')) return `sensors: { hwmon_domains: { "${name}": host } }`
  if (reason.includes('sensors.per_core')) return 'sensors: { per_core: on }'
  if (path !== undefined && reason.includes('EACCES')) return readableBy(path)
  // The firmware's meter has no value until it has measured, or never where it is switched off in the firmware.
  return reason.includes('ENODATA') || reason.includes('EIO')
    ? 'switch power metering on in the firmware (BIOS)'
    : ''
}

function guest(options: MachineOptions): MeterFinding[] {
  const { config, files } = options
  if (config.guest === 'off') return [found('guest', 'left_out', 'sensors.guest is off')]
  const packages = guestPackages(options)
  if (packages.length > 0) return packages
  const folder = config.guest_folder
  const zones = files.names(folder).filter(name => /^intel-rapl:\d+$/.test(name))
  if (zones.length > 0) {
    const path = `${folder}/${zones[0]}/energy_uj`
    const problem = files.problem(path) ?? 'not a number'
    return [found('guest', 'cannot', `${path} cannot be read (${problem})`, readableBy(path))]
  }
  if (!isVirtual(options)) return []
  const mount = `sudo mount -t virtiofs scaphandre ${folder}`
  const command = `on the hypervisor: scaphandre qemu, its folder of this machine shared as scaphandre; here: ${mount}`
  return [found('guest', 'absent', `${folder} has no counters`, command)]
}

const guestPackages = ({ config, files }: MachineOptions): MeterFinding[] =>
  findGuestPackages(files, config.guest_folder).map(folder =>
    found(`guest package-${folder.slice(folder.lastIndexOf(':') + 1)}`, 'reads', `${folder}/energy_uj`),
  )

function batteries({ config, files, roots }: MachineOptions): MeterFinding[] {
  if (config.battery === 'off') return []
  return findBatteries(files, roots).map(folder => {
    const name = `battery ${folder.slice(folder.lastIndexOf('/') + 1)}`
    const hasPower = batteryMicrowatts(files, folder) !== undefined
    if (!hasPower && batteryMicrojoules(files, folder) === undefined) {
      return found(name, 'cannot', 'its driver reports neither power nor current, nor what it holds')
    }
    const status = files.text(`${folder}/status`) ?? ''
    const detail =
      status === 'Discharging'
        ? `the whole machine, by ${hasPower ? 'its power' : 'what it still holds'}`
        : `nothing now (${status}): only while it discharges`
    return found(name, 'reads', detail)
  })
}

function estimate({ config, files, roots }: MachineOptions, hasMeter: boolean): MeterFinding {
  if (config.estimate === 'off') return found('estimate', 'left_out', 'sensors.estimate is off')
  if (hasMeter) return found('estimate', 'left_out', 'not needed: there is a meter')
  const model = powerModelOf(parseCpuInfo(files.text(`${roots.proc}/cpuinfo`) ?? ''))
  const band = Math.round(Number(model.errorBand) * 100)
  return found('estimate', 'reads', `processor and memory by the power curve of ${model.family}, ±${band} %`)
}
