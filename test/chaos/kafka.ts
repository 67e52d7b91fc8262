/**
 * The distributed system, as far as one machine can show it: a real Kafka, a ClickHouse server in a process of its own,
 * two collectors, three processors and a query process. Each of them reaches Kafka through its own proxy.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startClickHouseFront } from '../support/clickhouse-front/front.ts'
import { freePorts, startKafka } from '../support/kafka/kafka-server.ts'
import { type KafkaProxy, startProxy } from '../support/kafka/proxy.ts'
import { kafkaFaults } from './kafka-faults.ts'
import { type Node, type Parts, stopAll } from './kafka-parts.ts'
import { stateOf, stopped, untilNothingPends } from './lag.ts'
import { Member } from './member.ts'
import { ZONE } from './revisions.ts'
import type { Fault, Topology } from './topology.ts'

const COLLECTORS = 2
const PROCESSORS = 3

const ENVIRONMENT = {
  WATTLINE_BROKER_KIND: 'kafka',
  WATTLINE_BROKER_REPLICATION: '1',
  WATTLINE_BROKER_PARTITIONS: '3',
  WATTLINE_WAREHOUSE_KIND: 'clickhouse',
  WATTLINE_GROUP_COMMIT_WAIT_MS: '20',
  WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '50',
  // What all groups have read is dropped at the next check of retention, not after an hour.
  WATTLINE_BROKER_RETENTION_TIME: '3',
  // Kafka needs some seconds to come back: until then hosts are not considered silent.
  WATTLINE_METERING_IDLE_FLUSH: '15',
  WATTLINE_METERING_GAP: '20',
  WATTLINE_FACTORS_ZONE: ZONE,
  // As with one process: what comes late is added by the audit, and samples from a clock that is a day ahead are accepted.
  WATTLINE_METERING_LATE_SETTLE: '86400',
  WATTLINE_LIMITS_FUTURE_SECONDS: '172800',
}

/** A member that is silent for this long loses its partitions: Kafka's default of 45 s would hide the consequences. */
const SESSION_MS = 5_000

/** `withoutTokens`: the warehouse keeps no deduplication tokens, see README.md. */
export function kafkaTopology(options: { readonly withoutTokens?: boolean } = {}): Topology {
  return new OnKafka(options.withoutTokens === true)
}

class OnKafka implements Topology {
  readonly target = new Balanced()
  readonly api = (): string | undefined => this.#made().query.member.process?.http
  readonly paceMs = 150
  readonly faults: readonly Fault[] = kafkaFaults(() => this.#made(), this.api)
  readonly #data = mkdtempSync(join(tmpdir(), 'wattline-chaos-'))
  readonly #withoutTokens: boolean
  #parts: Parts | null = null

  constructor(withoutTokens: boolean) {
    this.#withoutTokens = withoutTokens
  }

  readonly reader = {
    sql: <Row>(query: string): Promise<readonly Row[]> => {
      const { process } = this.#made().query.member
      return process === null
        ? Promise.reject(new Error('the query process is down'))
        : process.sql<Row>(query)
    },
  }

  async start(): Promise<void> {
    const count = COLLECTORS + PROCESSORS + 1
    const told = await freePorts(count)
    const kafka = await startKafka({
      doors: told,
      properties: {
        'group.consumer.session.timeout.ms': String(SESSION_MS),
        'group.consumer.min.session.timeout.ms': String(SESSION_MS),
      },
    })
    const front = await startClickHouseFront()
    const proxies = await Promise.all(
      told.map((port, index) => startProxy({ port, target: kafka.doorPorts[index] ?? 0 })),
    )
    const nodes = proxies.map((proxy, index) => this.#node(proxy, index, front.url))
    const [collectors, processors] = [nodes.slice(0, COLLECTORS), nodes.slice(COLLECTORS, -1)]
    this.#parts = { kafka, front, collectors, processors, query: nodes.at(-1) as Node, nodes }
    this.target.collectors = collectors.map(({ member }) => member)
    await Promise.all(nodes.map(({ member }) => member.start()))
    if (this.#withoutTokens) await forgetTokens(front.url)
  }

  settle(timeoutMs: number): Promise<void> {
    return untilNothingPends(() => this.#made().query.member.process?.http, timeoutMs)
  }

  async takeProblems(): Promise<string[]> {
    const { nodes } = this.#made()
    const found = await Promise.all(
      nodes.map(async ({ member }) => [...member.takeProblems(), ...(await stopped(member))]),
    )
    return found.flat()
  }

  async state(): Promise<string> {
    const { nodes, front } = this.#made()
    const states = nodes.map(async ({ member }) => {
      const { name, process } = member
      return `--- ${name}\n${process === null ? 'down' : await stateOf(process.http, process.stderr)}`
    })
    return [...(await Promise.all(states)), JSON.stringify(await front.counts().catch(String))].join('\n')
  }

  memory(): ReadonlyMap<string, number> {
    const nodes = this.#parts?.nodes ?? []
    return new Map(nodes.map(({ member }) => [member.name, member.peakBytes()]))
  }

  async stop(): Promise<void> {
    await stopAll(this.#made())
  }

  async destroy(keep: boolean): Promise<string> {
    const parts = this.#parts
    if (parts !== null) {
      await Promise.all(parts.nodes.map(({ member }) => member.kill()))
      await Promise.all(parts.nodes.map(({ proxy }) => proxy.close()))
      await (keep ? parts.front.stop() : parts.front.destroy())
      await (keep ? parts.kafka.kill() : parts.kafka.destroy())
    }
    if (keep) return [this.#data, parts?.front.folder, parts?.kafka.folder].join(' ')
    rmSync(this.#data, { recursive: true, force: true })
    return ''
  }

  #node(proxy: KafkaProxy, index: number, warehouse: string): Node {
    const [roles, name] =
      index < COLLECTORS
        ? ['collector', `collector-${index}`]
        : index < COLLECTORS + PROCESSORS
          ? ['processors', `processors-${index - COLLECTORS}`]
          : ['query', 'query-0']
    const environment = {
      ...ENVIRONMENT,
      WATTLINE_INSTANCE: name,
      WATTLINE_BROKER_BROKERS: `127.0.0.1:${proxy.port}`,
      WATTLINE_WAREHOUSE_URL: warehouse,
    }
    return { proxy, member: new Member(name, { data: join(this.#data, name), roles, environment }) }
  }

  #made(): Parts {
    if (this.#parts === null) throw new Error('not started')
    return this.#parts
  }
}

/** Clients use the collectors in turn, as behind a load balancer; one that is down is skipped. */
class Balanced {
  readonly open = new Set<AbortController>()
  collectors: readonly Member[] = []
  #turn = 0

  get otlp(): string | null {
    const up = this.collectors.filter(({ process }) => process !== null)
    this.#turn += 1
    return up[this.#turn % Math.max(1, up.length)]?.process?.otlp ?? null
  }
}

/** Tables without tokens: everything inserted twice exists twice. */
async function forgetTokens(url: string): Promise<void> {
  const ask = async (sql: string): Promise<string> => {
    const response = await fetch(url, { method: 'POST', body: sql })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text
  }
  const tables = await ask(
    "SELECT name FROM system.tables WHERE database = 'wattline' AND engine LIKE '%MergeTree' FORMAT TSV",
  )
  for (const name of tables.trim().split('\n')) {
    await ask(`ALTER TABLE wattline.${name} MODIFY SETTING non_replicated_deduplication_window = 0`)
  }
}
