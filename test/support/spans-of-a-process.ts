/** What tests of the data folder do with a process: send spans, one record per request, and read its output. */
import { randomBytes } from 'node:crypto'
import { encodeTraces } from './otlp.ts'
import { eventually } from './until.ts'
import type { WattlineProcess } from './wattline-process.ts'

/** Each request becomes a record at once. */
export const HASTE = { WATTLINE_GROUP_COMMIT_WAIT_MS: '5', WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '5' }

export const SPANS_A_REQUEST = 20

/** This number of requests, all acknowledged. */
export async function sendSpans({ otlp }: WattlineProcess, requests: number, ageMs = 0): Promise<void> {
  for (let i = 0; i < requests; i++) {
    const now = BigInt(Date.now() - ageMs) * 1_000_000n
    const spans = Array.from({ length: SPANS_A_REQUEST }, () => ({
      traceId: randomBytes(16),
      spanId: randomBytes(8),
      name: 'work',
      startUnixNano: now,
      endUnixNano: now + 1_000n,
      attributes: {},
    }))
    const body = new Uint8Array(encodeTraces({ 'service.name': 'files' }, spans))
    const headers = { 'content-type': 'application/x-protobuf' }
    const response = await fetch(`${otlp}/v1/traces`, { method: 'POST', headers, body })
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  }
}

export async function storedSpans(process: WattlineProcess): Promise<{ rows: number; distinct: number }> {
  const [row] = await process.sql<{ rows: string; distinct: string }>(
    'SELECT toString(count()) AS rows, toString(uniqExact(SpanId)) AS distinct FROM otel_traces',
  )
  return { rows: Number(row?.rows), distinct: Number(row?.distinct) }
}

/** Waits until this many spans exist; more is a failure too. */
export const untilStored = (process: WattlineProcess, spans: number) =>
  eventually(
    () => storedSpans(process),
    ({ rows, distinct }) => distinct >= spans || rows > spans,
  )

export async function readyz({ http }: WattlineProcess): Promise<{ status: number; text: string }> {
  const response = await fetch(`${http}/readyz`)
  return { status: response.status, text: await response.text() }
}

export async function metricsText({ http }: WattlineProcess): Promise<string> {
  return await (await fetch(`${http}/metrics`)).text()
}
