import { z } from 'zod'
import { filePath } from './file-path.ts'

const PORT = 'must be a port from 0 to 65535 (0: any free port), or off'
const port = z.union([z.int(PORT).min(0, PORT).max(65_535, PORT), z.literal('off')], { error: PORT })
const origin = z
  .string()
  .regex(
    /^(\*|https?:\/\/(\*\.)?[a-z0-9.[\]:-]+)$/,
    'an origin as browsers send it, such as https://shop.example or https://*.shop.example, or *',
  )

/** Addresses, certificate, and origins of web pages that may send. */
export const listenSchema = z
  .strictObject({
    host: z
      .string()
      .default('127.0.0.1')
      .describe('Address that all ports listen on; any but loopback needs auth.tokens_file'),
    http: port.default(9288).describe('Page, query API, health and metrics'),
    otlp_http: port.default(4318).describe('OTLP over HTTP'),
    otlp_grpc: port.default(4317).describe('OTLP over gRPC'),
    clickhouse: port
      .default(8123)
      .describe(
        'HTTP interface of ClickHouse for its clients, read-only, with role query; the same as /clickhouse/ of `listen.http`',
      ),
    keda: port.default(9289).describe('External scaler of KEDA over gRPC, with role scaling'),
    kubernetes: port
      .default('off')
      .describe(
        'Metric APIs of Kubernetes, for its front proxy alone, with role scaling; 6443 is usual. Needs `autoscalers.kubernetes.client_ca`',
      ),
    jaeger: port
      .default('off')
      .describe("Jaeger's remote storage API over gRPC, with role query; 17271 is usual (docs/traces.md)"),
    tls: z
      .strictObject({
        cert: filePath
          .optional()
          .describe('File with the certificate chain of all ports, PEM; read again when it changes'),
        key: filePath
          .optional()
          .describe('File with the key of that certificate, PEM; read again when it changes'),
        client_ca: filePath
          .optional()
          .describe(
            'File with certificate authorities, PEM: clients must present a certificate issued by one of them, and a token',
          ),
      })
      .prefault({}),
    cors_origins: z
      .array(origin)
      .default([])
      .describe('Origins of web pages that may send OTLP, such as https://shop.example; `*` needs tokens'),
  })
  .prefault({})

/** Authentication. */
export const authSchema = z
  .strictObject({
    tokens_file: filePath
      .optional()
      .describe('File with the accepted tokens, as hashes (`wattline token`); read again when it changes'),
  })
  .prefault({})
