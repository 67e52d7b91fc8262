import { z } from 'zod'
import { bytes, duration } from './quantities.ts'

/** The processors as a whole. */
export const processorsSchema = z
  .strictObject({
    poll_bytes: bytes
      .prefault(268_435_456)
      .describe(
        'Bytes of records that this process holds while it works them off, shared by its partitions; at least 1 MiB or one record each',
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
        'Base address of another Wattline, or of any OTLP/HTTP receiver, that this log is forwarded to; without it nothing is',
      ),
    protocol: z
      .enum(['wattline', 'otlp'])
      .default('wattline')
      .describe('`wattline`: every record takes effect there once; `otlp`: any receiver, at least once'),
    token: z.string().min(1).optional().describe('Sent as `Authorization: Bearer`'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('Further headers of every request, such as keys of other receivers'),
    compression: z
      .enum(['gzip', 'none'])
      .default('gzip')
      .describe('Of OTLP bodies; records of another Wattline are compressed as they are'),
    timeout: duration.prefault(30).describe('Seconds for one request and its answer; then it is sent again'),
    tls: z
      .strictObject({
        ca: z.string().optional().describe('Authorities to trust, PEM; default those of Node'),
        cert: z.string().optional().describe('Certificate to show, PEM'),
        key: z.string().optional().describe('Key of that certificate, PEM'),
      })
      .prefault({}),
  })
  .prefault({})
