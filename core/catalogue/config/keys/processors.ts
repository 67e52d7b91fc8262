import { z } from 'zod'
import { bytes, duration, durationOrZero } from './quantities.ts'

/** Settings of all processors. */
export const processorsSchema = z
  .strictObject({
    poll_bytes: bytes
      .prefault(268_435_456)
      .describe(
        'Bytes of records that this process holds in memory while processing, shared by its partitions; each gets at least 1 MiB or one record',
      ),
  })
  .prefault({})

/** How the energy of workloads is shared over the requests that they served. */
export const requestsSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Share the energy, carbon and cost of workloads over their spans: table `request_energy`'),
    delay: durationOrZero
      .prefault(120)
      .describe(
        'Seconds after the end of a minute before it is shared; spans and entries that come later make corrections',
      ),
    keep_traces: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe(
        'Share of the traces that get rows of their own; the others are summed by service and operation',
      ),
    match_service_name: z
      .boolean()
      .default(true)
      .describe(
        'Match spans that name no container, pod, unit or process by the name of their service alone',
      ),
  })
  .prefault({})

/** Where the log is forwarded to. */
export const forwardSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        'Base URL of another Wattline, or of any OTLP/HTTP receiver, to forward this log to; without it nothing is forwarded',
      ),
    protocol: z
      .enum(['wattline', 'otlp'])
      .default('wattline')
      .describe(
        '`wattline`: exactly once in effect, to another Wattline; `otlp`: at least once, to any receiver',
      ),
    token: z.string().min(1).optional().describe('Sent as `Authorization: Bearer`'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('Additional headers of every request, such as an API key'),
    compression: z
      .enum(['gzip', 'none'])
      .default('gzip')
      .describe('Compression of OTLP bodies; records for another Wattline are compressed already'),
    timeout: duration.prefault(30).describe('Timeout of one request in seconds; then it is sent again'),
    tls: z
      .strictObject({
        ca: z
          .string()
          .optional()
          .describe('Certificate authorities to trust, PEM; default: those of Node.js'),
        cert: z.string().optional().describe('Client certificate, PEM'),
        key: z.string().optional().describe('Key of the client certificate, PEM'),
      })
      .prefault({}),
  })
  .prefault({})
