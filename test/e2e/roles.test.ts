// Guarantees: a collector and a process with processors and query, which share only a real Kafka, give exactly the
// numbers of the worked example; a collector keeps nothing on disk, serves only its own state, and drains; roles that
// cannot work alone are refused with a remedy.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaIsAvailable } from '../support/kafka/jars.ts'
import { type KafkaServer, startKafka } from '../support/kafka/kafka-server.ts'
import { type StartOptions, startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { workedExample } from '../support/worked-example.ts'

describe.runIf(kafkaIsAvailable())('roles with Kafka', () => {
  let kafka: KafkaServer
  let collector: WattlineProcess
  let collectorData = ''
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka.destroy())

  const settings = () => ({
    WATTLINE_BROKER_KIND: 'kafka',
    WATTLINE_BROKER_BROKERS: kafka.bootstrap,
    WATTLINE_BROKER_REPLICATION: '1',
  })

  /** Two processes that start at the same moment, as one. */
  const startBoth = async ({ data, environment = {} }: StartOptions): Promise<WattlineProcess> => {
    collectorData = join(data, 'collector')
    const rest = join(data, 'rest')
    for (const folder of [collectorData, rest]) mkdirSync(folder)
    const [front, back] = await Promise.all([
      startProcess({ data: collectorData, environment, roles: 'collector' }),
      startProcess({ data: rest, environment, roles: 'processors,query' }),
    ])
    collector = front
    return {
      pid: back.pid,
      http: back.http,
      otlp: front.otlp,
      otlpGrpc: front.otlpGrpc,
      door: back.door,
      stderr: back.stderr,
      sql: back.sql,
      end: async signal => Math.max((await front.end(signal)) ?? 1, (await back.end(signal)) ?? 1),
    }
  }
  const wattline = workedExample(settings, startBoth)

  it('reports its own state by role, and answers no queries without role query', async () => {
    const ready = async (http: string): Promise<unknown> => (await fetch(`${http}/readyz`)).json()
    expect(await ready(collector.http)).toEqual({ ready: true, reasons: [], roles: { collector: [] } })
    const both = { processors: [], query: [] }
    expect(await ready(wattline().http)).toEqual({ ready: true, reasons: [], roles: both })
    expect((await fetch(`${collector.http}/healthz`)).status).toBe(200)
    expect(await (await fetch(`${collector.http}/metrics`)).text()).toContain('wattline_intake_items_total')
    for (const path of ['/', '/api/v1/status', '/api/v1/lag', '/clickhouse/ping']) {
      expect((await fetch(`${collector.http}${path}`)).status).toBe(404)
    }
  })

  it('needs no folder if nothing is embedded', async () => {
    expect(readdirSync(collectorData)).toEqual([])
    expect(await collector.end('SIGTERM')).toBe(0)
  })
})

it('refuses roles that cannot work alone', async () => {
  const data = mkdtempSync(join(tmpdir(), 'wattline-roles-'))
  await expect(startProcess({ data, roles: 'collector' })).rejects.toThrow(
    /config_invalid[\s\S]*roles: only the process of the collector[\s\S]*add role `processors`, set `broker.kind: kafka`/,
  )
  rmSync(data, { recursive: true, force: true })
})
