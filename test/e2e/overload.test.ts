// Guarantees: above `limits.in_flight_bytes` clients are asked to retry, with Retry-After or RetryInfo, and succeed
// when they do: every acknowledged span is in its table exactly once, and no refused one is.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { audit } from '../chaos/audit.ts'
import { framed, GrpcClient, METHODS } from '../collector/grpc/grpc-rig.ts'
import { jsonIndependently } from '../collector/otlp/json/json-reference.ts'
import { startClients } from '../support/clients.ts'
import { eventually } from '../support/until.ts'
import { startProcess } from '../support/wattline-process.ts'

const UNAVAILABLE = 14
const data = mkdtempSync(join(tmpdir(), 'wattline-overload-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

it('refuses what exceeds its limits and loses nothing that it accepted', async () => {
  const wattline = await startProcess({
    data,
    environment: { WATTLINE_LIMITS_IN_FLIGHT_BYTES: '60000', WATTLINE_LIMITS_BODY_BYTES: '60000' },
  })
  const clients = startClients(wattline.otlp, { spans: 24, meters: [] })
  const probe = JSON.stringify({
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'x'.repeat(30_000) } }] }] }],
  })
  const refused = await eventually(
    async () => {
      const response = await fetch(`${wattline.otlp}/v1/logs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: probe,
      })
      const retryAfter = response.headers.get('retry-after')
      return { status: response.status, retryAfter, text: await response.text() }
    },
    ({ status }) => status !== 200,
  )
  expect(refused.status).toBe(429)
  expect(Number(refused.retryAfter)).toBeGreaterThan(0)
  expect(refused.text).toContain('limits.in_flight_bytes')
  const grpc = new GrpcClient(Number(new URL(wattline.otlpGrpc).port))
  const message = framed(jsonIndependently('logs', probe))
  const overGrpc = await eventually(
    () => grpc.call(METHODS.logs, message),
    ({ status }) => status !== 0,
  )
  grpc.end()
  expect(overGrpc.status).toBe(UNAVAILABLE)
  expect(overGrpc.details?.retrySeconds).toBeGreaterThan(0)
  expect(overGrpc.message).toContain('limits.in_flight_bytes')
  const metrics = await eventually(
    async () => (await fetch(`${wattline.http}/metrics`)).text(),
    text => /wattline_intake_requests_rejected_total\{code="overloaded"\} [1-9]\d\d/.test(text),
  )
  expect(metrics).not.toContain('wattline_requests_failed_total{')
  await eventually(
    async () => clients.acknowledged.batches.size,
    n => n > 100,
  )
  await clients.stop()
  expect(await audit(wattline, clients.acknowledged, 15_000)).toEqual([])
  expect(await wattline.end('SIGTERM')).toBe(0)
})
