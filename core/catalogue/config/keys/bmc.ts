import { z } from 'zod'
import { OPERATOR_TENANT, TENANT, TENANT_SHAPE } from '../../../model/identity.ts'
import { ZONE, ZONE_SHAPE } from '../../../model/zone.ts'
import { duration } from './quantities.ts'

/** Keys of `bmc`: controllers of servers, which meter whole hosts. */

const hosts = (address: z.ZodString) =>
  z
    .record(z.string().min(1).max(256), address)
    .refine(all => Object.keys(all).length > 0, 'must name at least one host')

const account = {
  user: z.string().min(1).optional().describe('User with read access; without one, no credentials are sent'),
  password: z.string().default('').describe('Password, best as `${file:PATH}`'),
  tenant: z
    .string()
    .regex(TENANT, TENANT_SHAPE)
    .default(OPERATOR_TENANT)
    .describe('Tenant of the readings of these hosts'),
  zone: z
    .string()
    .regex(ZONE, `must be ${ZONE_SHAPE}`)
    .optional()
    .describe('Grid zone of these hosts, sent with their readings; see docs/factors.md'),
}

const redfish = z.strictObject({
  hosts: hosts(
    z
      .string()
      .regex(
        /^https?:\/\/[^\s/?#@]+\/?(?:#[^\s#]+)?$/,
        'must be https://ADDRESS, or https://ADDRESS#CHASSIS for one chassis of several',
      ),
  ).describe(
    'Address of the service by host (id or name): `https://10.0.0.11`. Where a service has several machines, `https://10.0.0.11#Blade1` names the chassis',
  ),
  ...account,
  auth: z
    .enum(['session', 'basic'])
    .default('session')
    .describe('`session`, with basic authentication where a service has no sessions, or `basic`'),
  tls: z
    .strictObject({
      ca: z.string().optional().describe('Certificate authorities to trust, PEM; default: those of Node.js'),
      server_name: z.string().optional().describe('Host name to verify the certificate against'),
      insecure_skip_verify: z
        .boolean()
        .default(false)
        .describe('Accept any certificate: anyone on the network path can read the password'),
    })
    .prefault({}),
})

const ipmi = z.strictObject({
  hosts: hosts(
    z.string().regex(/^(?:\[[0-9a-fA-F:.]+\]|[^\s/?#@:]+)(?::\d{1,5})?$/, 'must be ADDRESS or ADDRESS:PORT'),
  ).describe('Address of the controller by host (id or name): `10.0.0.11` or `10.0.0.11:623`'),
  ...account,
  privilege: z
    .enum(['user', 'operator', 'administrator'])
    .default('user')
    .describe('Privilege of the session; reading power needs no more than `user`'),
  cipher_suites: z
    .array(z.union([z.literal(3), z.literal(17)]))
    .min(1)
    .default([17, 3])
    .describe('Cipher suites to try, in this order: 17 (SHA-256) and 3 (SHA-1)'),
})

/** Key `bmc`. */
export const bmcSchema = z
  .strictObject({
    interval: duration.prefault(10).describe('Seconds between two readings of a controller'),
    timeout: duration.prefault(8).describe('Timeout of one reading, in seconds'),
    local: z
      .enum(['auto', 'on', 'off'])
      .default('auto')
      .describe(
        "This machine's own controller, through /dev/ipmi0 and `ipmitool` or FreeIPMI's `ipmi-dcmi`; `auto`: where both exist",
      ),
    redfish: z.array(redfish).default([]).describe('Redfish services; see docs/meters.md'),
    ipmi: z
      .array(ipmi)
      .default([])
      .describe('Controllers with DCMI power readings or sensors of watts, by IPMI 2.0 over LAN'),
  })
  .prefault({})
