import { z } from 'zod'
import { OPERATOR_TENANT, TENANT, TENANT_SHAPE } from '../../../model/identity.ts'
import { bytes, duration, milliseconds } from './quantities.ts'

const toggle = z.enum(['auto', 'on', 'off'])
/** More cores than that are a case for more collectors. */
const MOST_PROCESSES = 64

/** Sensors of this machine. */
export const sensorsSchema = z
  .strictObject({
    interval: duration.prefault(5).describe('Seconds between two rounds of reading this machine'),
    cpu_time: toggle.default('auto').describe('CPU time of host, cgroups and processes'),
    rapl: toggle.default('auto').describe('Energy counters of packages and memory under /sys/class/powercap'),
    estimate: toggle.default('auto').describe('Estimated energy where no meter can be read; marked as such'),
    host_id: z.string().optional().describe('Identity of this host; default /etc/machine-id'),
    host_name: z.string().optional().describe('Name of this host; default as the kernel says'),
    host_root: z
      .string()
      .startsWith('/', 'an absolute path, such as /host')
      .default('/')
      .describe('Where /proc, /sys and /etc of this host are; elsewhere only in a container'),
    tenant: z
      .string()
      .regex(TENANT, TENANT_SHAPE)
      .default(OPERATOR_TENANT)
      .describe('Tenant that the readings of this host belong to'),
  })
  .prefault({})

/** Names of machines. */
export const hostsSchema = z
  .strictObject({
    aliases: z
      .record(z.string().min(1).max(256), z.string().min(1).max(256))
      .default({})
      .describe(
        'Other names of machines that nothing sent links (a BMC, an address): readings under the key are booked on the host that is the value, its id or its name',
      ),
  })
  .prefault({})

/** The collector as a process. */
export const collectorSchema = z
  .strictObject({
    processes: z
      .int()
      .min(1)
      .max(MOST_PROCESSES)
      .default(1)
      .describe(
        'Processes that share the OTLP ports of a collector, one for each core that it may use; more than one needs Kafka and role `collector` alone',
      ),
  })
  .prefault({})

/** What requests with telemetry may cost. */
export const intakeLimits = {
  body_bytes: bytes.prefault(67_108_864).describe('Largest request body, also after decompression'),
  in_flight_bytes: bytes.prefault(268_435_456).describe('Bytes of requests that wait to become durable'),
  memory_bytes: bytes
    .optional()
    .describe(
      'Resident memory of the process; above four fifths of it requests are told to come back; default what the container or the machine has',
    ),
  attributes: z.int().positive().default(128).describe('Attributes an item; more are cut and counted'),
  attribute_bytes: bytes.prefault(4096).describe('Bytes an attribute value; longer is cut and counted'),
  future_seconds: duration.prefault(3600).describe('How far ahead an item may be dated; later is rejected'),
}

/** How rows are put together into records. */
export const groupCommitSchema = z
  .strictObject({
    rows: z.int().positive().default(32_768).describe('Rows that close a batch'),
    bytes: bytes.prefault(8_388_608).describe('Raw bytes that close a batch'),
    wait_ms: milliseconds
      .prefault(100)
      .describe('Milliseconds after its first row that a batch closes under load'),
    thin_wait_ms: milliseconds
      .prefault(1000)
      .describe('The same while traffic is thin: fewer, larger inserts'),
  })
  .prefault({})
