import { z } from 'zod'
import { bytes, duration } from './quantities.ts'

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
