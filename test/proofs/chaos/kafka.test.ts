// Guarantees: collectors, processors and a query process, on a real Kafka and a ClickHouse server behind HTTP, lose no
// acknowledged span or sample, store none twice or in part, and keep a ledger that equals what the meters counted,
// while a processor and the broker are killed, answers of Kafka are lost, and inserts fail.
// `npm run chaos -- --on kafka` does the same some hundred times, with more kinds of faults.
import { describe, expect, it } from 'vitest'
import { runChaos } from '../../chaos/harness.ts'
import { kafkaTopology } from '../../chaos/kafka.ts'
import { kafkaIsAvailable } from '../../support/kafka/jars.ts'

const FAULTS = ['kill-broker', 'kill-processor-at', 'swallow', 'warehouse-fault']

describe.runIf(kafkaIsAvailable())('on Kafka', () => {
  it('keeps every acknowledged span and microjoule', { timeout: 400_000 }, async () => {
    const lines: string[] = []
    const result = await runChaos({
      topology: kafkaTopology(),
      // Selects each of them once.
      seed: 38,
      runs: FAULTS.length,
      auditEvery: FAULTS.length,
      only: FAULTS,
      log: line => lines.push(line),
    })
    expect(result.findings, lines.join('\n')).toEqual([])
    expect([...result.faults.keys()].toSorted()).toEqual(FAULTS)
    expect(result.acknowledgedSpans).toBeGreaterThan(1_000)
    expect(result.acknowledgedSamples).toBeGreaterThan(30)
  })
})
