// Guarantees: replicas of the processors are added and removed under load, in order and by SIGKILL, return and stay
// away: every minute of every host is in the energy stream, in the ledger stream and in the ledger table with exactly
// what its meters counted, each entry once, and nothing is late. kafkajs reads the streams, as an independent auditor.
// Queries are answered also while Kafka is away.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeRows } from '../../../core/columns/rows.ts'
import { energy, ledger } from '../../../core/model/streams/index.ts'
import { type ClickHouseFront, startClickHouseFront } from '../../support/clickhouse-front/front.ts'
import { type Auditor, startAuditor } from '../../support/kafka/auditor.ts'
import { kafkaIsAvailable } from '../../support/kafka/jars.ts'
import { freePorts, type KafkaServer, startKafka } from '../../support/kafka/kafka-server.ts'
import { type MeteredFleet, meteredFleet } from '../../support/metered-fleet.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const SEED = 11
const HOSTS = 8
const PARTITIONS = 4
const BETWEEN_MINUTES_MS = 250

describe.runIf(kafkaIsAvailable())('replicas', () => {
  const data = mkdtempSync(join(tmpdir(), 'wattline-replicas-'))
  let kafka: KafkaServer
  let front: ClickHouseFront
  let auditor: Auditor
  const running: WattlineProcess[] = []
  let load: Load | undefined

  const start = async (
    name: string,
    roles: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<WattlineProcess> => {
    const folder = join(data, name)
    mkdirSync(folder, { recursive: true })
    const environment = {
      WATTLINE_BROKER_KIND: 'kafka',
      WATTLINE_BROKER_BROKERS: kafka.bootstrap,
      WATTLINE_BROKER_REPLICATION: '1',
      WATTLINE_BROKER_PARTITIONS: `${PARTITIONS}`,
      WATTLINE_WAREHOUSE_KIND: 'clickhouse',
      WATTLINE_WAREHOUSE_URL: front.url,
      WATTLINE_INSTANCE: name,
      WATTLINE_METERING_IDLE_FLUSH: '3600',
      WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100',
      ...more,
    }
    const process = await startProcess({ data: folder, roles, environment })
    running.push(process)
    return process
  }

  beforeAll(async () => {
    const sessions = {
      'group.consumer.min.session.timeout.ms': '1000',
      'group.consumer.session.timeout.ms': '3000',
    }
    ;[kafka, front] = await Promise.all([startKafka({ properties: sessions }), startClickHouseFront()])
  })
  afterAll(async () => {
    await load?.stop()
    await Promise.all(running.map(process => process.end('SIGKILL')))
    await auditor?.close()
    await Promise.all([kafka.destroy(), front.destroy()])
    rmSync(data, { recursive: true, force: true })
  })

  it('meter every minute once while replicas start, stop, crash and come back', async () => {
    const collector = await start('collector', 'collector')
    const [first, query] = await Promise.all([start('first', 'processors'), start('query', 'query')])
    auditor = await startAuditor(kafka.bootstrap, ['wattline.energy', 'wattline.ledger'])
    load = startLoad(collector, meteredFleet(SEED, HOSTS, Date.parse('2026-11-20T00:00:00Z')))

    await meters(first)
    const second = await start('second', 'processors')
    await meters(second)
    const third = await start('third', 'processors')
    await meters(third)
    await second.end('SIGKILL')
    const again = await start('second', 'processors')
    await meters(again)
    expect(await first.end('SIGTERM')).toBe(0)
    await third.end('SIGKILL')
    const fleet = await load.stop()
    const counted = text(fleet.counted())

    const found = await eventually(
      async () => audit(auditor),
      ({ energy: one, ledger: two }) => one.sums.size >= counted.length && two.sums.size >= counted.length,
    )
    expect(text(found.energy.sums)).toEqual(counted)
    expect(text(found.ledger.sums)).toEqual(counted)
    // Nothing may follow the last expected row: wait until everything has been read.
    await eventually(
      () => pending(query.http),
      records => records === 0,
    )
    const after = audit(auditor)
    expect([after.energy.twice, after.ledger.twice]).toEqual([[], []])
    expect(text(after.ledger.sums)).toEqual(counted)

    const stored = await query.sql<{ minute: string; uj: string; rows: number; entries: number }>(
      `SELECT concat(Host, '/', toString(toUnixTimestamp(WindowStart))) AS minute, toString(sum(EnergyUj)) AS uj,
         toUInt32(count()) AS rows, toUInt32(uniqExact(WorkloadKind, WorkloadId, Component, Share)) AS entries
       FROM ledger GROUP BY minute ORDER BY minute`,
    )
    expect(stored.filter(({ rows, entries }) => rows !== entries)).toEqual([])
    expect(text(new Map(stored.map(({ minute, uj }) => [minute, BigInt(uj)])))).toEqual(counted)
    expect(await query.sql('SELECT count() AS n FROM late_readings')).toEqual([{ n: '0' }])
    expect(await query.sql('SELECT count() AS n FROM quarantine')).toEqual([{ n: '0' }])
  }, 300_000)

  it('answer queries while Kafka is away, and report it only where the log is needed', async () => {
    const [nobody] = await freePorts(1)
    const asked = await start('alone', 'query', { WATTLINE_BROKER_BROKERS: `127.0.0.1:${nobody}` })
    expect((await fetch(`${asked.http}/readyz`)).status).toBe(200)
    expect(await asked.sql('SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(await (await fetch(`${asked.http}/metrics`)).text()).toContain('wattline_ready 1')
    const lag = await fetch(`${asked.http}/api/v1/lag`)
    expect([lag.status, await lag.json()]).toMatchObject([503, { code: 'broker_unavailable' }])
    expect(await asked.end('SIGTERM')).toBe(0)
  })
})

interface Load {
  stop(): Promise<MeteredFleet>
}

/** Sends minute after minute; each is retried until it is accepted. */
function startLoad(collector: WattlineProcess, fleet: MeteredFleet): Load {
  let stopped = false
  const send = async (body: string): Promise<boolean> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${collector.otlp}/v1/metrics`, { method: 'POST', headers, body })
    const answer = await response.text()
    expect([200, 429, 503]).toContain(response.status)
    if (response.status === 200) expect(answer).toBe('{}')
    return response.status === 200
  }
  const run = async (): Promise<void> => {
    while (!stopped) {
      const body = JSON.stringify(fleet.nextMinute())
      while (!(await send(body))) await new Promise(resolve => setTimeout(resolve, 200))
      await new Promise(resolve => setTimeout(resolve, BETWEEN_MINUTES_MS))
    }
  }
  const finished = run()
  return {
    stop: async () => {
      stopped = true
      await finished
      return fleet
    },
  }
}

/** The replica has closed windows: it has a partition of readings, and works. */
const meters = (replica: WattlineProcess): Promise<string> =>
  eventually(
    async () => (await fetch(`${replica.http}/metrics`)).text(),
    metrics => /^wattline_windows_closed_total \d/m.test(metrics),
  )

async function pending(http: string): Promise<number> {
  const answer = (await (await fetch(`${http}/api/v1/lag`)).json()) as {
    partitions: { oldest_pending_seconds: number | null }[]
  }
  return answer.partitions.filter(({ oldest_pending_seconds: age }) => age !== null).length
}

interface Found {
  /** Energy by minute of a host, µJ. */
  readonly sums: Map<string, bigint>
  /** Duplicate entries. */
  readonly twice: string[]
}

const STREAM_OF = { 'wattline.energy': energy, 'wattline.ledger': ledger }

function audit({ records }: Auditor): { energy: Found; ledger: Found } {
  const of = (topic: keyof typeof STREAM_OF): Found => {
    const seen = new Set<string>()
    const found: Found = { sums: new Map(), twice: [] }
    for (const record of records.filter(one => one.topic === topic)) {
      for (const row of decodeRows(STREAM_OF[topic], record.value)) {
        const minute = `${row.Host}/${row.WindowStart}`
        const entry = [minute, row.WorkloadKind, row.WorkloadId, row.Component, row.Share].join('/')
        if (seen.has(entry)) found.twice.push(entry)
        seen.add(entry)
        found.sums.set(minute, (found.sums.get(minute) ?? 0n) + row.EnergyUj)
      }
    }
    return found
  }
  return { energy: of('wattline.energy'), ledger: of('wattline.ledger') }
}

/** Comparable, and readable where it differs. */
const text = (sums: ReadonlyMap<string, bigint>): string[] =>
  [...sums].map(([minute, uj]) => `${minute} ${uj}`).toSorted()
