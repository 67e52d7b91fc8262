// Guarantees: a process with its streams in a real Apache Kafka gives exactly the numbers of the worked example; it
// reports when Kafka is away, and accepts spans again when it is back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaIsAvailable } from '../support/kafka/jars.ts'
import { type KafkaServer, startKafka } from '../support/kafka/kafka-server.ts'
import { sendSpan, storedSpans } from '../support/numbered-spans.ts'
import { eventually } from '../support/until.ts'
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
})
