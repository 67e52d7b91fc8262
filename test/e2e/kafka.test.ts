// Guarantees: a process with its streams in a real Apache Kafka gives exactly the numbers of the worked example; it
// reports when Kafka is away, accepts spans again when it is back; and every acknowledged span is in the table once,
// also across a SIGKILL of the process.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaIsAvailable } from '../support/kafka/jars.ts'
import { type KafkaServer, startKafka } from '../support/kafka/kafka-server.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { workedExample } from '../support/worked-example.ts'

describe.runIf(kafkaIsAvailable())('with Kafka', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka.destroy())

  const settings = () => ({
    WATTLINE_BROKER_KIND: 'kafka',
    WATTLINE_BROKER_BROKERS: kafka.bootstrap,
    WATTLINE_BROKER_REPLICATION: '1',
  })
  const wattline = workedExample(settings)

  it('accepts spans while Kafka is killed and comes back, once the client retries what was refused', async () => {
    const send = (number: number): Promise<unknown> =>
      eventually(
        () => sendSpan(wattline(), number),
        status => status === 200,
      )
    const readiness = async (): Promise<number> => (await fetch(`${wattline().http}/readyz`)).status
    for (let i = 1; i <= 10; i++) await send(i)
    const waiting = [11, 12, 13].map(send)
    await kafka.kill()
    await eventually(readiness, status => status === 503)
    await kafka.start()
    await Promise.all(waiting)
    await eventually(readiness, status => status === 200)
    for (let i = 14; i <= 20; i++) await send(i)
    const found = await eventually(
      () => storedSpans(wattline()),
      rows => rows.length >= 20,
    )
    expect(found.length).toBe(20)
  })

  it('has every acknowledged span in the table once after a SIGKILL and a restart', async () => {
    const data = mkdtempSync(join(tmpdir(), 'wattline-kafka-e2e-'))
    const environment = { ...settings(), WATTLINE_BROKER_TOPIC_PREFIX: 'killed' }
    let killed = await startProcess({ data, environment })
    const acknowledged: number[] = []
    const send = async (number: number): Promise<void> => {
      if ((await sendSpan(killed, number).catch(() => 0)) === 200) acknowledged.push(number)
    }
    for (let round = 0; round < 3; round++) {
      await Promise.all(Array.from({ length: 20 }, (_, i) => send(round * 100 + i)))
      const late = Array.from({ length: 20 }, (_, i) => send(round * 100 + 50 + i))
      await new Promise(resolve => setTimeout(resolve, 40 * round))
      await killed.end('SIGKILL')
      await Promise.all(late)
      killed = await startProcess({ data, environment })
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(60)
    const wanted = acknowledged.map(spanId).toSorted()
    const found = await eventually(
      () => storedSpans(killed),
      rows => wanted.every(id => rows.some(row => row.SpanId === id)),
    )
    expect(found.filter(({ SpanId, n }) => wanted.includes(SpanId) && n !== 1)).toEqual([])
    await killed.end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  })
})

const spanId = (number: number): string => (number + 1).toString(16).padStart(16, '0')

/** The status of one attempt. */
async function sendSpan(wattline: WattlineProcess, number: number): Promise<number> {
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

const storedSpans = (wattline: WattlineProcess) =>
  wattline.sql<{ SpanId: string; n: number }>(
    "SELECT SpanId, toUInt32(count()) AS n FROM otel_traces WHERE ServiceName = 'kafka' GROUP BY SpanId",
  )
