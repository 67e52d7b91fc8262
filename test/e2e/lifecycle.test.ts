// Guarantees: an OpenTelemetry SDK's spans are in SQL; a second instance on the same folder is refused with a clear
// message; SIGTERM drains under load and exits 0 within ten seconds; a restart continues with the committed offsets,
// stores nothing twice and loses nothing.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { afterAll, expect, it } from 'vitest'
import { encodeTraces, randomSpans } from '../support/otlp.ts'
import { eventually, until } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-lifecycle-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

const countOf = async (wattline: WattlineProcess, service: string): Promise<number> => {
  const [row] = await wattline.sql<{ n: string }>(
    `SELECT toString(count()) AS n FROM otel_traces WHERE ServiceName = '${service}'`,
  )
  return Number(row?.n)
}

it('stores the spans of an OpenTelemetry SDK', async () => {
  const wattline = await startProcess({ data })
  const exporter = new OTLPTraceExporter({ url: `${wattline.otlp}/v1/traces` })
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'sdk' }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  })
  const tracer = provider.getTracer('test')
  for (let i = 0; i < 10; i++)
    tracer.startSpan(`operation ${i}`, { attributes: { i, even: i % 2 === 0 } }).end()
  await provider.shutdown()
  await eventually(
    () => countOf(wattline, 'sdk'),
    n => n === 10,
  )
  const [row] = await wattline.sql<Record<string, unknown>>(
    `SELECT SpanName, SpanKind, SpanAttributes, ScopeName, Tenant FROM otel_traces WHERE SpanName = 'operation 4'`,
  )
  expect(row).toEqual({
    SpanName: 'operation 4',
    SpanKind: 'Internal',
    SpanAttributes: { i: '4', even: 'true' },
    ScopeName: 'test',
    Tenant: 'default',
  })
  expect(await wattline.end('SIGTERM')).toBe(0)
})

it('refuses a second instance on the same folder, naming the first', async () => {
  const first = await startProcess({ data })
  const second = startProcess({ data })
  await expect(second).rejects.toThrow(
    new RegExp(`data_in_use: .*process ${first.pid}[\\s\\S]*Stop the other instance`),
  )
  expect(await first.end('SIGTERM')).toBe(0)
})

it('drains on SIGTERM and continues after a restart', async () => {
  const wattline = await startProcess({ data })
  let acknowledged = 0
  let stopped = false
  const client = async (): Promise<void> => {
    while (!stopped) {
      const body = new Uint8Array(encodeTraces({ 'service.name': 'drained' }, randomSpans(100)))
      const sent = await fetch(`${wattline.otlp}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body,
      }).catch(() => null)
      if (sent?.status === 200) acknowledged += 100
      else if (sent !== null) expect(sent.status).toBe(503)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
  const clients = [client(), client(), client()]
  await until(() => acknowledged >= 1_000)
  // It would end with 1 if it left something unfinished after its grace period.
  expect(await wattline.end('SIGTERM')).toBe(0)
  stopped = true
  await Promise.all(clients)

  const again = await startProcess({ data })
  await eventually(
    () => countOf(again, 'drained'),
    n => n >= acknowledged,
  )
  expect(await countOf(again, 'drained')).toBe(acknowledged)
  expect(await countOf(again, 'sdk')).toBe(10)
  expect(await again.end('SIGTERM')).toBe(0)
})

it('reports what is wrong with a configuration and does not start', async () => {
  const wrong = startProcess({ data, environment: { WATTLINE_SENSORS_INTERVAL: 'often' } })
  await expect(wrong).rejects.toThrow(/config_invalid[\s\S]*sensors\.interval/)
})

it('names the address that is in use', async () => {
  const first = await startProcess({ data })
  const other = mkdtempSync(join(tmpdir(), 'wattline-other-'))
  const port = new URL(first.otlp).port
  const second = startProcess({ data: other, environment: { WATTLINE_LISTEN_OTLP_HTTP: port } })
  await expect(second).rejects.toThrow(/address_in_use: .*Stop the process that uses the port/)
  expect(await first.end('SIGTERM')).toBe(0)
  rmSync(other, { recursive: true, force: true })
})
