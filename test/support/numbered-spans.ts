import type { WattlineProcess } from './wattline-process.ts'

/** The id of a numbered span. */
export const spanId = (number: number): string => (number + 1).toString(16).padStart(16, '0')

/** Sends a numbered span and returns the status of this one attempt. */
export async function sendSpan(wattline: WattlineProcess, number: number): Promise<number> {
  const time = `${BigInt(Date.now()) * 1_000_000n}`
  const span = {
    traceId: spanId(number).padStart(32, '0'),
    spanId: spanId(number),
    name: `span ${number}`,
    kind: 1,
    startTimeUnixNano: time,
    endTimeUnixNano: time,
  }
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'kafka' } }] }
  const response = await fetch(`${wattline.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
  })
  await response.text()
  return response.status
}

/** Spans of these tests in the table, with how often each is there. */
export const storedSpans = (wattline: WattlineProcess) =>
  wattline.sql<{ SpanId: string; n: number }>(
    "SELECT SpanId, toUInt32(count()) AS n FROM otel_traces WHERE ServiceName = 'kafka' GROUP BY SpanId",
  )
