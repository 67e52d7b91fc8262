/**
 * What replicas of the processors bring, and what their coming and going costs, on a real Kafka.
 *
 *   node test/bench/replicas.ts scaling [--rounds 3] [--partitions 4] [--samples 300] [--hosts 50] [--workloads 20] [--cpus 0.6]
 *   node test/bench/replicas.ts pauses [--partitions 6] [--seconds 10] [--session-ms 45000]
 *
 * scaling: readings lie in Kafka already; one replica drains them to the end (metered, rated, read for the tables), then
 * two do, in turns, each time from fresh topics with the same bytes. Printed are the medians, their ratio (2: a second
 * replica does as much as the first), the CPU time of replicas and of Kafka, which shares the cores, and the rate between
 * a quarter and three quarters of the way, when everybody has joined. A machine that one replica and Kafka fill can show no
 * more: `--cpus` confines each replica to that many processors, as a container's CPU limit does (root, control groups).
 *
 * pauses: readings keep coming in every partition, every 50 ms, while replicas are added, stopped, killed and started
 * again; printed is the longest time that a partition's committed offset stood still after each event, for partitions that
 * changed hands or were a killed replica's, and for those that nothing happened to.
 */

import { consumerGroupDescribeV0 } from '@platformatic/kafka'
import type { Broker } from '../../core/broker/broker.ts'
import { Cluster } from '../../core/broker/kafka/cluster.ts'
import { openKafkaBroker } from '../../core/broker/kafka/kafka-broker.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { energy, ledger, readings } from '../../core/model/streams/index.ts'
import { streamSettings } from '../../processors/processors.ts'
import { parseArgs } from '../support/arguments.ts'
import { startAuditor } from '../support/kafka/auditor.ts'
import { type KafkaServer, startKafka } from '../support/kafka/kafka-server.ts'
import { Fleet } from '../support/reading-records.ts'
import { confine } from './cpu-quota.ts'
import { cpuMs, type Replica, startReplica } from './replica.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    partitions: { type: 'string', default: '4' },
    samples: { type: 'string', default: '300' },
    hosts: { type: 'string', default: '50' },
    workloads: { type: 'string', default: '20' },
    cpus: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    'session-ms': { type: 'string', default: '45000' },
  },
})
const partitions = Number(values.partitions)
const seconds = Number(values.seconds)

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number

const fleets = (): Fleet[] =>
  Array.from(
    { length: partitions },
    (_, seed) =>
      new Fleet({ hosts: Number(values.hosts), workloads: Number(values.workloads), seed: seed + 1 }),
  )

async function openLog(kafka: KafkaServer, topicPrefix: string): Promise<Broker> {
  const config = configSchema.parse({ broker: { kind: 'kafka', partitions } })
  const options = {
    brokers: [kafka.bootstrap],
    topicPrefix,
    replication: 1,
    events: silentEvents,
    trims: false,
  }
  const broker = await openKafkaBroker(options)
  await broker.createStreams(streamSettings(config))
  return broker
}

const start = (kafka: KafkaServer, prefix: string, instance: string): Promise<Replica> =>
  startReplica({ bootstrap: kafka.bootstrap, prefix, instance, partitions })

interface Drain {
  readonly ms: number
  /** Readings a second in the middle half. */
  readonly rate: number
  readonly replicasCpuMs: number
  readonly kafkaCpuMs: number
}

const pending = async (broker: Broker, group: string, stream: string): Promise<number> =>
  (await broker.lag(group, stream)).reduce((sum, { end, committed }) => sum + Number(end - committed), 0)

async function drain(
  kafka: KafkaServer,
  prefix: string,
  count: number,
  records: readonly (readonly Uint8Array[])[],
  rows: number,
): Promise<Drain> {
  const broker = await openLog(kafka, prefix)
  for (const [partition, values] of records.entries()) {
    for (const value of values)
      await broker.append(readings.name, partition, [{ value, timestampMs: Date.now() }])
  }
  const total = await pending(broker, 'meter', readings.name)
  const names = Array.from({ length: count }, (_, index) => `replica-${index}`)
  const replicas = await Promise.all(names.map(name => start(kafka, prefix, name)))
  const cpus = values.cpus
  const quotas = cpus === undefined ? [] : replicas.map(({ pid }) => confine(pid, Number(cpus)))
  const kafkaBefore = cpuMs(kafka.pid)
  const startedMs = performance.now()
  for (const replica of replicas) replica.go()
  const quarter: number[] = []
  for (let left = total; left > 0; left = await pending(broker, 'meter', readings.name)) {
    if (left <= total * 0.75 && quarter.length === 0) quarter.push(performance.now(), left)
    if (left <= total * 0.25 && quarter.length === 2) quarter.push(performance.now(), left)
    await sleep(50)
  }
  // What was written last is read last.
  const last = [
    ['store', readings.name],
    ['rate', energy.name],
    ['store', ledger.name],
  ] as const
  for (const [group, stream] of last) while ((await pending(broker, group, stream)) > 0) await sleep(50)
  const ms = performance.now() - startedMs
  const kafkaCpuMs = cpuMs(kafka.pid) - kafkaBefore
  const used = await Promise.all(replicas.map(replica => replica.stop()))
  for (const quota of quotas) quota.remove()
  await broker.close()
  const [fromMs = 0, from = 0, toMs = 1, to = 0] = quarter
  const rate = (((from - to) / total) * rows * 1000) / (toMs - fromMs)
  return { ms, rate, replicasCpuMs: used.reduce((sum, one) => sum + one, 0), kafkaCpuMs }
}

async function scaling(): Promise<void> {
  const kafka = await startKafka()
  try {
    const all = fleets()
    const samples = Number(values.samples)
    const records = all.map(fleet => Array.from({ length: samples }, () => fleet.nextRecord()))
    const rows = all.reduce((sum, fleet) => sum + fleet.rows * samples, 0)
    const bytes = records.flat().reduce((sum, record) => sum + record.length, 0)
    console.log(
      `${rows} readings in ${records.flat().length} records, ${(bytes / 1e6).toFixed(1)} MB, ${partitions} partitions` +
        (values.cpus === undefined ? '' : `, each replica confined to ${values.cpus} processors`),
    )
    const drains = new Map<number, Drain[]>([
      [1, []],
      [2, []],
    ])
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [count, done] of drains) {
        const one = await drain(kafka, `round${round}x${count}`, count, records, rows)
        done.push(one)
        console.log(
          `round ${round + 1}, ${count} replica(s): ${(one.ms / 1000).toFixed(2)} s, ${(one.rate / 1e3).toFixed(0)} k readings/s in the middle, ` +
            `CPU s a million readings: replicas ${((one.replicasCpuMs * 1e3) / rows).toFixed(2)}, Kafka ${((one.kafkaCpuMs * 1e3) / rows).toFixed(2)}`,
        )
      }
    }
    const of = (count: number, what: (one: Drain) => number): number =>
      median((drains.get(count) ?? []).map(what))
    const cpu = (one: Drain): number => one.replicasCpuMs
    console.log(
      `whole drain: two replicas do ${(of(1, one => one.ms) / of(2, one => one.ms)).toFixed(2)} times the work of one`,
    )
    console.log(`in the middle: ${(of(2, one => one.rate) / of(1, one => one.rate)).toFixed(2)} times`)
    console.log(`CPU time of the replicas for the same work: ${(of(2, cpu) / of(1, cpu)).toFixed(2)} times`)
  } finally {
    await kafka.destroy()
  }
}

/** Which replica has which partition of readings, according to Kafka. */
async function ownersOf(cluster: Cluster, group: string): Promise<ReadonlyMap<number, string>> {
  const connection = await cluster.coordinator(group)
  const { groups } = await consumerGroupDescribeV0.api.async(connection, [group], false)
  return new Map(
    (groups[0]?.members ?? []).flatMap(({ memberId, assignment }) =>
      assignment.topicPartitions.flatMap(({ partitions: held }) =>
        held.map(partition => [partition, memberId.replace(/-\d+$/, '')] as const),
      ),
    ),
  )
}

async function pauses(): Promise<void> {
  const session = values['session-ms']
  const kafka = await startKafka({
    properties: {
      'group.consumer.min.session.timeout.ms': session,
      'group.consumer.session.timeout.ms': session,
    },
  })
  const prefix = 'pauses'
  const broker = await openLog(kafka, prefix)
  const cluster = new Cluster({ brokers: [kafka.bootstrap] }, 10_000)
  const auditor = await startAuditor(kafka.bootstrap, [`${prefix}.energy`])
  let stopped = false
  const load = (async () => {
    const all = fleets()
    while (!stopped) {
      const timestampMs = Date.now()
      await Promise.all(
        all.map((fleet, partition) =>
          broker.append(readings.name, partition, [{ value: fleet.nextRecord(), timestampMs }]),
        ),
      )
      await sleep(50)
    }
  })()

  /** Longest pause of each partition from now until the time is over. */
  const watch = async (ms: number): Promise<number[]> => {
    const committed = new Array<bigint>(partitions).fill(-1n)
    const since = new Array<number>(partitions).fill(performance.now())
    const longest = new Array<number>(partitions).fill(0)
    for (const until = performance.now() + ms; performance.now() < until; await sleep(50)) {
      const found = await auditor.committed(`${prefix}.meter`, `${prefix}.readings`)
      const now = performance.now()
      for (const [partition, offset] of found) {
        longest[partition] = Math.max(longest[partition] ?? 0, now - (since[partition] ?? now))
        if (offset === committed[partition]) continue
        committed[partition] = offset
        since[partition] = now
      }
    }
    return longest
  }

  /** `victim`: replica that is killed, and may return to the same partitions. */
  const report = async (
    event: string,
    work: () => Promise<unknown>,
    { ms = seconds * 1000, victim = '' }: { ms?: number; victim?: string } = {},
  ): Promise<void> => {
    const before = await ownersOf(cluster, `${prefix}.meter`)
    const [longest] = await Promise.all([watch(ms), work()])
    const after = await ownersOf(cluster, `${prefix}.meter`)
    const moved = (partition: number): boolean =>
      before.get(partition) !== after.get(partition) || before.get(partition) === victim
    const worst = (is: boolean): string => {
      const some = longest.filter((_, partition) => moved(partition) === is)
      return some.length === 0 ? '-' : `${(Math.max(...some) / 1000).toFixed(2)} s (${some.length})`
    }
    console.log(`${event.padEnd(44)} moved ${worst(true).padEnd(12)} stayed ${worst(false)}`)
  }
  const add = async (name: string): Promise<Replica> => {
    const replica = await start(kafka, prefix, name)
    replica.go()
    return replica
  }
  try {
    console.log('longest standstill of a partition (number of partitions)')
    let first: Replica | undefined
    let second: Replica | undefined
    let third: Replica | undefined
    first = await add('first')
    await sleep(3_000)
    await report('nothing happens', async () => {})
    await report('a second is added', async () => {
      second = await add('second')
    })
    await report('a third is added', async () => {
      third = await add('third')
    })
    await report('the first is stopped (SIGTERM)', async () => first?.stop())
    await report(
      'the second is killed and comes back',
      async () => {
        await second?.kill()
        second = await add('second')
      },
      { victim: 'second' },
    )
    const gone = Number(session) + seconds * 1000
    await report(`the third is killed for good (session ${session} ms)`, async () => third?.kill(), {
      ms: gone,
      victim: 'third',
    })
    await second?.stop()
  } finally {
    stopped = true
    await load
    await auditor.close()
    await cluster.close()
    await broker.close()
    await kafka.destroy()
  }
}

const parts: Readonly<Record<string, () => Promise<void>>> = { scaling, pauses }
const part = parts[positionals[0] ?? '']
if (part === undefined) {
  console.error('say what to measure: scaling or pauses')
  process.exit(2)
}
await part()
