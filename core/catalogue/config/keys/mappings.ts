import { z } from 'zod'
import { QUANTITIES, type Quantity } from '../../../books/quantities.ts'
import { MAPPED_KINDS } from '../../../mappings/row.ts'

const text = z.string().min(1).max(256)
const template = z.union([text, z.array(text).min(1).max(8)], {
  error: 'must be a template such as "package-{socket}", or a list of them',
})
const quantities = Object.keys(QUANTITIES) as [Quantity, ...Quantity[]]

const workload = z.strictObject({
  kind: z.enum(MAPPED_KINDS).describe('Kind of the workload'),
  id: template.describe('Identity of the workload on its host'),
  name: template.optional().describe('Name for people; default: the id'),
  namespace: template.optional().describe('Namespace, project or user that it belongs to'),
  labels: z
    .record(z.string().min(1).max(128), template)
    .default({})
    .describe('Further attributes, such as `k8s.pod.uid` or `project_id`, for account rules'),
})

/** Key `mappings`; core/mappings/problems.ts checks what the schema cannot. */
export const mappingsSchema = z
  .array(
    z.strictObject({
      source: z
        .string()
        .regex(/^[a-z][a-z0-9_-]{0,63}$/, 'lower-case letters, digits, _ and -, such as rack_pdu')
        .default('site')
        .describe('Name of the exporter, the first half of Source of its readings'),
      metric: text.describe('Name of the metric, exactly'),
      quantity: z.enum(quantities).describe('What it measures'),
      unit: z
        .string()
        .max(32)
        .describe(
          'Unit of its values, as in UCUM, such as `mJ`, `W` or `kWh`; a unit that the sender states counts more',
        ),
      scale: z
        .string({ error: 'must be a number in quotes, such as "0.1"' })
        .optional()
        .describe('Factor of the values, for meters that count in steps, such as "0.1" of a kWh'),
      value: z
        .string({ error: 'must be a number in quotes, such as "1"' })
        .optional()
        .describe(
          'Value of every reading, whatever the sample shows, for metrics that only say that something is there',
        ),
      when: z
        .record(z.string().min(1).max(128), z.string().max(256))
        .optional()
        .describe('Labels that must match: an exact text, or a pattern such as `/^psu/i`'),
      host: template
        .optional()
        .describe('Host of the reading; default: the host of the sender, or the target that was scraped'),
      alias: template
        .optional()
        .describe('Of quantity `identity`: another name of the host, such as its address'),
      elsewhere: z
        .boolean()
        .optional()
        .describe('The exporter reports other machines only: points whose labels name no host are left out'),
      domain: template
        .optional()
        .describe(
          'Energy and power: the meter, such as `host`, `package-{socket}`, `gpu-{uuid}`; CPU time of the host: its mode; memory and requests: which measure',
        ),
      device: template
        .optional()
        .describe('Distinguishes parts of one meter, which are added, such as power supplies'),
      workload: workload.optional().describe('The workload that uses it; not for energy and power'),
      zero_is_none: z.boolean().optional().describe('The value 0 means that there is none'),
      replaces: z.boolean().optional().describe('Replaces the built-in mappings of this metric'),
    }),
  )
  .max(1000)
  .default([])
  .describe('Metrics of exporters that are not built in; see docs/mappings.md')
