import { z } from 'zod'
import { OPERATOR_TENANT, TENANT, TENANT_SHAPE } from '../../../model/identity.ts'
import { ZONE, ZONE_SHAPE } from '../../../model/zone.ts'
import { bytes, duration, milliseconds } from './quantities.ts'

const toggle = z.enum(['auto', 'on', 'off'])
/** To use more cores, run more collectors. */
const MOST_PROCESSES = 64

const CHIP_SENSOR = /^[^/\s]+\/[^/]+$/
const hwmonDomain = z
  .string()
  .regex(
    /^(?:off|host|(?:package|core|uncore|dram|gpu|other)-[\w.-]+)$/,
    'must be host, package-0, core-0, uncore-0, dram-0, gpu-0, other-NAME or off',
  )

/** Sensors that read this machine. */
export const sensorsSchema = z
  .strictObject({
    interval: duration.prefault(5).describe('Seconds between two readings of the sensors of this machine'),
    cpu_time: toggle.default('auto').describe('CPU time of host, cgroups and processes'),
    exit_accounting: toggle
      .default('auto')
      .describe(
        "CPU time of processes that end between two readings, from the kernel (taskstats); needs CAP_NET_ADMIN and the host's PID namespace",
      ),
    rapl: toggle.default('auto').describe('Energy counters of packages and memory under /sys/class/powercap'),
    hwmon: toggle
      .default('auto')
      .describe('Power and energy of hardware monitoring chips under /sys/class/hwmon; see docs/meters.md'),
    hwmon_domains: z
      .record(z.string().regex(CHIP_SENSOR, 'chip and label, such as ina226/VDD_MAIN'), hwmonDomain)
      .default({})
      .describe(
        'What hwmon sensors measure, by chip and label (`ina226/VDD_MAIN`): a domain of the meter tree, or `off`. Goes before the built-in table',
      ),
    per_core: z
      .enum(['on', 'off'])
      .default('off')
      .describe('Energy of single cores where a chip reports it: one reading a core and round'),
    battery: toggle
      .default('auto')
      .describe('Power that the batteries of a laptop supply while it is not connected to mains power'),
    guest: toggle
      .default('auto')
      .describe(
        'In a virtual machine without RAPL: energy counters that the hypervisor writes into `guest_folder`, as Scaphandre does',
      ),
    guest_folder: z
      .string()
      .startsWith('/', 'an absolute path, such as /var/scaphandre')
      .default('/var/scaphandre')
      .describe('Folder that the hypervisor mounts into this virtual machine'),
    gpu: toggle
      .default('auto')
      .describe(
        'GPUs: NVIDIA by NVML or `nvidia-smi`, AMD and Intel by the kernel or `amd-smi`; see docs/gpus.md',
      ),
    nvml_library: z
      .string()
      .min(1)
      .default('libnvidia-ml.so.1')
      .describe('Library of the NVIDIA driver, by name or path'),
    nvidia_smi: z
      .string()
      .min(1)
      .default('nvidia-smi')
      .describe('Command that reads NVIDIA boards where the library cannot be loaded'),
    amd_smi: z
      .string()
      .min(1)
      .default('amd-smi')
      .describe('Command that reads AMD boards whose energy and power the kernel does not show'),
    estimate: toggle
      .default('auto')
      .describe('Estimate energy where no meter can be read; the readings are marked as estimated'),
    host_id: z.string().optional().describe('Identity of this host; default: content of /etc/machine-id'),
    host_name: z.string().optional().describe("Name of this host; default: the kernel's host name"),
    zone: z
      .string()
      .regex(ZONE, `must be ${ZONE_SHAPE}`)
      .optional()
      .describe('Grid zone of this host, sent with its readings; see docs/factors.md'),
    host_root: z
      .string()
      .startsWith('/', 'an absolute path, such as /host')
      .default('/')
      .describe('Folder that holds /proc, /sys and /etc of this host; differs from / only in a container'),
    tenant: z
      .string()
      .regex(TENANT, TENANT_SHAPE)
      .default(OPERATOR_TENANT)
      .describe('Tenant of the readings of this host'),
  })
  .prefault({})

/** Names of hosts. */
export const hostsSchema = z
  .strictObject({
    aliases: z
      .record(z.string().min(1).max(256), z.string().min(1).max(256))
      .default({})
      .describe(
        'Aliases of hosts (the name of a BMC, an address): readings under the key are booked on the host named by the value, by id or by name',
      ),
    separate: z
      .array(z.string().min(1).max(256))
      .default([])
      .describe('Names of hosts that stand for no other host, whatever senders say; see docs/who-is-who.md'),
  })
  .prefault({})

/** What is stored of metrics. */
export const metricsSchema = z
  .strictObject({
    recognised: z
      .enum(['keep', 'drop'])
      .default('keep')
      .describe(
        'Points that become readings: `keep` stores them as metrics too, `drop` does not; saves about half of their cost where another system has the metrics',
      ),
  })
  .prefault({})

/** Processes of the collector. */
export const collectorSchema = z
  .strictObject({
    processes: z
      .int()
      .min(1)
      .max(MOST_PROCESSES)
      .default(1)
      .describe(
        'Processes that share the OTLP ports of a collector, at most one per core; more than one needs Kafka and role `collector` alone',
      ),
  })
  .prefault({})

/** Limits of telemetry requests. */
export const intakeLimits = {
  body_bytes: bytes.prefault(67_108_864).describe('Largest request body, before and after decompression'),
  in_flight_bytes: bytes.prefault(268_435_456).describe('Bytes of all requests that are not durable yet'),
  memory_bytes: bytes
    .optional()
    .describe(
      'Limit of resident memory; above 80 % of it requests are refused with 429. Default: the memory of the container or the machine',
    ),
  attributes: z
    .int()
    .positive()
    .default(128)
    .describe('Attributes per item; further ones are cut and counted'),
  attribute_bytes: bytes
    .prefault(4096)
    .describe('Bytes per attribute value; longer values are cut and counted'),
  future_seconds: duration
    .prefault(3600)
    .describe('How far in the future an item may be dated; later items are rejected'),
}

/** How rows are grouped into records. */
export const groupCommitSchema = z
  .strictObject({
    rows: z.int().positive().default(32_768).describe('Rows that close a batch'),
    bytes: bytes.prefault(8_388_608).describe('Uncompressed bytes that close a batch'),
    wait_ms: milliseconds
      .prefault(100)
      .describe('Milliseconds after its first row at which a batch closes under load'),
    thin_wait_ms: milliseconds
      .prefault(1000)
      .describe('The same at low traffic: longer waits give fewer, larger inserts'),
  })
  .prefault({})
