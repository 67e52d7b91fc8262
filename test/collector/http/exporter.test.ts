/**
 * Guarantees: the official OpenTelemetry exporters work with the receiver: spans exported by the SDK are in the log
 * when the exporter reports success, and a failing log makes it retry until they are.
 */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { afterEach, expect, it } from 'vitest'
import { spansAt } from '../otlp/telemetry.ts'
import { type HttpRig, httpRig } from './http-rig.ts'

let rig: HttpRig
afterEach(async () => {
  await rig.receiver.stop()
  await rig.intake.drain()
})

const SUCCESS = 0

async function exportSpans(names: readonly string[], compression: 'none' | 'gzip') {
  const exporter = new OTLPTraceExporter({
    url: `http://127.0.0.1:${rig.port}/v1/traces`,
    compression: compression as never,
  })
  const { promise, resolve } = Promise.withResolvers<{ code: number; error?: Error }>()
  exporter.export(spansAt(Date.now(), names), resolve)
  const result = await promise
  await exporter.shutdown()
  return result
}

it.each(['none', 'gzip'] as const)('exports with compression %s', async compression => {
  rig = await httpRig()
  const result = await exportSpans(['checkout', 'pay'], compression)
  expect(result.error).toBeUndefined()
  expect(result.code).toBe(SUCCESS)
  expect(rig.broker.spanNames()).toEqual(['checkout', 'pay'])
})

it('retries while the log fails, and succeeds when it works again', async () => {
  rig = await httpRig()
  let refusals = 1
  rig.broker.mood = () => (refusals-- > 0 ? 'refuse' : 'store')
  const result = await exportSpans(['checkout'], 'none')
  expect(result.code).toBe(SUCCESS)
  expect(rig.broker.spanNames()).toEqual(['checkout'])
  expect(rig.events.sum('requestRejected', { code: 'broker_unavailable' })).toBeGreaterThanOrEqual(1)
})
