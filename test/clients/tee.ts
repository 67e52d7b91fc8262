/**
 * Sits between Wattline and a client that does not report what it sent: keeps each OTLP/HTTP body, decoded by an
 * independent decoder, as the expected rows, and forwards it.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { decodeIndependently, logRows, metricRows, traceRows } from '../collector/otlp/decode/reference.ts'
import { METRIC_TABLES, noRows, type Row, type Rows, TENANT } from './sent.ts'

export interface Tee {
  /** Base address for the client. */
  readonly url: string
  readonly sent: Rows
  close(): void
}

export async function startTee(otlp: string): Promise<Tee> {
  const sent = noRows()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const { 'content-type': type = '', 'content-encoding': coding } = request.headers
      keep(sent, request.url ?? '', coding === 'gzip' ? gunzipSync(body) : body)
      const headers = {
        'content-type': type,
        ...(coding === undefined ? {} : { 'content-encoding': coding }),
      }
      fetch(`${otlp}${request.url}`, { method: 'POST', headers, body })
        .then(async reply =>
          response
            .writeHead(reply.status, { 'content-type': type })
            .end(Buffer.from(await reply.arrayBuffer())),
        )
        .catch(() => response.writeHead(502).end())
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function keep(sent: Rows, path: string, body: Uint8Array): void {
  switch (path) {
    case '/v1/traces':
      sent.otel_traces.push(...traceRows(decodeIndependently('ExportTraceServiceRequest', body), TENANT))
      return
    case '/v1/logs':
      sent.otel_logs.push(...logRows(decodeIndependently('ExportLogsServiceRequest', body), TENANT, 0n))
      return
    default: {
      const rows = metricRows(decodeIndependently('ExportMetricsServiceRequest', body), TENANT)
      for (const [kind, found] of Object.entries(rows)) sent[METRIC_TABLES[kind]!].push(...(found as Row[]))
    }
  }
}
