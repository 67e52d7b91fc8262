import { z } from 'zod'
import { TENANT, TENANT_SHAPE } from '../../../model/identity.ts'
import { filePath } from './file-path.ts'
import { durationOrZero } from './quantities.ts'

const clientName = z.string().min(1).max(500)
const tls = (clients: string) => ({
  cert: filePath
    .optional()
    .describe(
      'File with the certificate chain of this port, PEM, read again when it changes; default: `listen.tls.cert`',
    ),
  key: filePath.optional().describe('File with the key of that certificate, PEM; default: `listen.tls.key`'),
  client_ca: filePath.optional().describe(clients),
})

const way = z.strictObject({
  receiver: z.string().min(1).describe('Name of one of `alerts.receivers`'),
  adjustment: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      'Machines that one signal adds or removes, as the policy of the receiver says; default: all at once, for receivers that read the number',
    ),
})

const signal = z.strictObject({
  policy: z.string().min(1).max(100).describe('Name of the scaling policy'),
  tenant: z.string().regex(TENANT, TENANT_SHAPE).default('default').describe('Tenant of the policy'),
  up: way.optional(),
  down: way.optional(),
  interval: durationOrZero
    .prefault(60)
    .describe(
      'Least seconds between two signals: at least the cooldown of the receiver, which ignores what comes earlier',
    ),
  initial: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe('Machines before the first signal; default: as many as the decision before it says'),
})

/** Systems that ask for decisions of scaling policies. */
export const autoscalersSchema = z
  .strictObject({
    namespaces: z
      .array(
        z.strictObject({
          match: z
            .string()
            .min(1)
            .max(253)
            .describe('Namespace of the object that is scaled, `*` as wildcard'),
          tenant: z.string().regex(TENANT, TENANT_SHAPE).describe('Tenant whose policies it may ask for'),
        }),
      )
      .default([])
      .describe(
        'Tenants by namespace, for the metric APIs of Kubernetes and for certificates of KEDA; the first that matches counts',
      ),
    keda: z
      .strictObject({
        ...tls(
          'File with certificate authorities, PEM: clients of this port must present a certificate issued by one of them; default: `listen.tls.client_ca`',
        ),
        client_names: z
          .array(clientName)
          .default([])
          .describe(
            'Common names, DNS names or URIs of client certificates that need no token: `namespaces` gives the tenant',
          ),
      })
      .prefault({}),
    kubernetes: z
      .strictObject({
        ...tls(
          'File with the certificate authority of the front proxy, PEM: `requestheader-client-ca-file` of the cluster',
        ),
        client_names: z
          .array(clientName)
          .default(['front-proxy-client'])
          .describe(
            'Names that the certificate of the front proxy may have: `requestheader-allowed-names` of the cluster; none: any',
          ),
      })
      .prefault({}),
    signals: z
      .array(signal)
      .default([])
      .describe('Webhooks that say scale up and scale down, for Heat and other systems that do not ask'),
  })
  .prefault({})
