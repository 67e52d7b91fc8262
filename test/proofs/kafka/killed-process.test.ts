// Guarantees: with its streams in a real Apache Kafka, every acknowledged span is in the table once, also across SIGKILLs
// of the process.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaIsAvailable } from '../../support/kafka/jars.ts'
import { type KafkaServer, startKafka } from '../../support/kafka/kafka-server.ts'
import { sendSpan, spanId, storedSpans } from '../../support/numbered-spans.ts'
import { eventually } from '../../support/until.ts'
import { startProcess } from '../../support/wattline-process.ts'

describe.runIf(kafkaIsAvailable())('with Kafka', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka.destroy())

  it('has every acknowledged span in the table once after a SIGKILL and a restart', async () => {
    const data = mkdtempSync(join(tmpdir(), 'wattline-kafka-e2e-'))
    const environment = {
      WATTLINE_BROKER_KIND: 'kafka',
      WATTLINE_BROKER_BROKERS: kafka.bootstrap,
      WATTLINE_BROKER_REPLICATION: '1',
    }
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
