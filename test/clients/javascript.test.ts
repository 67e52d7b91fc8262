/**
 * Guarantees: every value that the official JavaScript SDK sends as protobuf or JSON, plain or compressed, is returned
 * by SQL; and the comparison detects a different value, a missing row and a surplus row. The other clients:
 * `npm run test:clients`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { CLIENTS, emit } from './clients.ts'
import { compareStored, marked } from './compare.ts'
import { lossesOf } from './losses.ts'
import { sentRows } from './sent.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-clients-'))
const sdk = CLIENTS.find(({ name }) => name === 'javascript')!
let wattline: WattlineProcess
beforeAll(async () => {
  wattline = await startProcess({ data })
})
afterAll(async () => {
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
})

it.each(sdk.transports)('stores what is sent over $protocol, compression $compression', async transport => {
  const mark = `${transport.protocol} ${transport.compression}`
  const lines = await emit(sdk, transport, wattline.otlp, mark)
  const outcome = await compareStored(
    wattline.sql,
    marked(mark),
    sentRows(lines, lossesOf(sdk.name, transport.protocol)),
  )
  expect(Object.values(outcome).flatMap(({ mismatches }) => mismatches)).toEqual([])
  const values = Object.fromEntries(Object.entries(outcome).map(([table, found]) => [table, found.values]))
  expect(values['otel_traces']).toBeGreaterThan(1_000)
  expect(values['otel_logs']).toBeGreaterThan(200)
  expect(values['otel_metrics_exp_histogram']).toBeGreaterThan(100)
})

it('detects differing, missing and surplus rows', async () => {
  const mark = 'spoilt'
  const lines = await emit(sdk, sdk.transports[0]!, wattline.otlp, mark)
  const sent = sentRows(lines)
  const [first, second, ...others] = sent.otel_traces
  const spoilt = {
    ...sent,
    otel_traces: [
      { ...first, Duration: (first!['Duration'] as bigint) + 1n },
      { ...second, SpanId: '0123456789abcdef' },
      ...others,
    ],
  }
  const { otel_traces: found } = await compareStored(wattline.sql, marked(mark), spoilt)
  expect(found?.mismatches.map(({ item, column }) => [item, column])).toEqual([
    [`${first!['TraceId']}/${first!['SpanId']}`, 'Duration'],
    [`${second!['TraceId']}/0123456789abcdef`, undefined],
    [`${second!['TraceId']}/${second!['SpanId']}`, undefined],
  ])
})
