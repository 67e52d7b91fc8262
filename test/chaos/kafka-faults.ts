/** What can happen to the distributed system. Each fault leaves everything running again. */
import type { FaultRule } from '../support/clickhouse-front/faults.ts'
import { hostClock } from './clock-faults.ts'
import { cutClients } from './cut-clients.ts'
import { type Node, type Parts, stopAll } from './kafka-parts.ts'
import { revise } from './revisions.ts'
import { drawOne, type Fault, type FaultContext, pause } from './topology.ts'

/** Kinds of requests to Kafka, by their number. */
const REQUESTS = {
  produce: 0,
  fetch: 1,
  'commit an offset': 8,
  'open a transaction': 22,
  'name its partitions': 24,
  'commit an offset in it': 28,
  'end it': 26,
  heartbeat: 68,
} as const
type Request = keyof typeof REQUESTS

const OF_PROCESSORS: readonly Request[] = [
  'fetch',
  'commit an offset',
  'open a transaction',
  'name its partitions',
  'commit an offset in it',
  'end it',
  'produce',
  'heartbeat',
]

/** How long an aimed fault waits for its moment before it happens anyway. */
const AIM_MS = 2_500

type Inject = (parts: Parts, context: FaultContext) => Promise<string>

export function kafkaFaults(parts: () => Parts, api: () => string | undefined): readonly Fault[] {
  const fault = (name: string, weight: number, inject: Inject): Fault => ({
    name,
    weight,
    inject: context => inject(parts(), context),
  })
  return [
    fault('kill-collector', 8, ({ collectors }, { random }) => killed(drawOne(collectors, random))),
    fault('kill-collector-at', 6, ({ collectors }, { random }) =>
      killedAt(drawOne(collectors, random), 'produce', random),
    ),
    fault('kill-processor', 10, ({ processors }, { random }) => killed(drawOne(processors, random))),
    fault('kill-processor-at', 14, ({ processors }, { random }) =>
      killedAt(drawOne(processors, random), drawOne(OF_PROCESSORS, random), random),
    ),
    fault('kill-processors-at-insert', 6, killedAtInsert),
    fault('leave-and-join', 9, ({ processors }, { random }) =>
      leftAndJoined(drawOne(processors, random), random),
    ),
    fault('kill-and-stay-away', 3, ({ processors }, { random }) =>
      killed(drawOne(processors, random), 5_500 + random() * 1_500),
    ),
    fault('freeze-processor', 6, ({ processors }, { random }) => frozen(drawOne(processors, random), random)),
    fault('kill-broker', 7, brokerKilled),
    fault('freeze-broker', 3, brokerFrozen),
    fault('swallow', 9, ({ collectors, processors }, { random }) =>
      swallowed(drawOne([...collectors, ...processors], random), random),
    ),
    fault('cut', 4, ({ nodes }, { random }) => cut(nodes, random)),
    fault('hold', 4, ({ nodes }, { random }) => held(drawOne(nodes, random), random)),
    fault('warehouse-fault', 14, warehouseFault),
    fault('kill-warehouse', 4, warehouseKilled),
    fault('stop-all', 2, async parts => {
      await stopAll(parts)
      await Promise.all(parts.nodes.map(({ member }) => member.start()))
      return 'SIGTERM to all, started again'
    }),
    fault('cut-clients', 4, (_, { client }) => cutClients(client)),
    fault('kill-query', 1, ({ query }) => killed(query)),
    hostClock(4),
    revise(6, api, async () => (await Promise.all(parts().processors.map(node => killed(node)))).join(', ')),
  ]
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

async function killed({ member }: Node, awayMs = 0): Promise<string> {
  await member.kill()
  await pause(awayMs)
  await member.start()
  return `SIGKILL of ${member.name}, started again${awayMs === 0 ? '' : ` after ${seconds(awayMs)}`}`
}

/**
 * Killed at one of its requests: before Kafka has seen it, or when Kafka has completed it and only the answer is
 * missing.
 */
async function killedAt(node: Node, request: Request, random: () => number): Promise<string> {
  const when = random() < 0.5 ? 'before' : 'after'
  const isMet = await node.proxy.blockAt(REQUESTS[request], when, AIM_MS)
  // The request completes first.
  if (when === 'after') await pause(random() * 60)
  await node.member.kill()
  node.proxy.cut()
  await node.member.start()
  return `SIGKILL of ${node.member.name} ${isMet ? `${when} its request to ${request}` : 'at no request'}, started again`
}

/** An insert has completed, and no living process knows. */
async function killedAtInsert({ front, processors }: Parts, { random }: FaultContext): Promise<string> {
  const count = 1 + Math.floor(random() * 3)
  await front.inject({ fault: { kind: 'hang', when: 'after' }, times: count })
  const isMet = await injected(front, 'hang after', AIM_MS)
  await Promise.all(processors.map(({ member }) => member.kill()))
  await front.heal()
  await Promise.all(processors.map(({ member }) => member.start()))
  return `SIGKILL of all processors ${isMet ? 'within an insert' : 'at no insert'}, started again`
}

async function injected(front: Parts['front'], name: string, timeoutMs: number): Promise<boolean> {
  const count = async (): Promise<number> => (await front.counts()).faults[name] ?? 0
  const before = await count()
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await pause(20)) {
    if ((await count()) > before) return true
  }
  return false
}

/** Its partitions move to the others and come back: two rebalances under load. */
async function leftAndJoined({ member }: Node, random: () => number): Promise<string> {
  const awayMs = random() * 2_000
  const asked = Date.now()
  await member.stop()
  const drainMs = Date.now() - asked
  await pause(awayMs)
  await member.start()
  return `SIGTERM of ${member.name}, gone after ${seconds(drainMs)}, joined again ${seconds(awayMs)} later`
}

/** Usually short; sometimes so long that others have its partitions when it wakes up and continues to write. */
async function frozen({ member }: Node, random: () => number): Promise<string> {
  const ms = random() < 0.6 ? random() * 1_500 : 5_500 + random() * 1_500
  await member.freeze(ms)
  return `${member.name} frozen for ${seconds(ms)}`
}

async function brokerKilled({ kafka }: Parts, { random }: FaultContext): Promise<string> {
  const awayMs = random() * 1_500
  await kafka.kill()
  await pause(awayMs)
  await kafka.start()
  return `SIGKILL of Kafka, started again after ${seconds(awayMs)}`
}

async function brokerFrozen({ kafka }: Parts, { random }: FaultContext): Promise<string> {
  const ms = 300 + random() * 3_000
  process.kill(kafka.pid, 'SIGSTOP')
  await pause(ms)
  process.kill(kafka.pid, 'SIGCONT')
  return `Kafka frozen for ${seconds(ms)}`
}

/** The requests of one process complete, the answers are lost, then its connections are closed. */
async function swallowed({ member, proxy }: Node, random: () => number): Promise<string> {
  const ms = 30 + random() * 800
  const request = member.name.startsWith('collector') ? 'produce' : drawOne(OF_PROCESSORS, random)
  const isMet = await proxy.blockAt(REQUESTS[request], 'after', AIM_MS)
  await pause(ms)
  proxy.cut()
  return `answers to ${member.name} lost${isMet ? ` from one to ${request} on` : ''}, cut after ${seconds(ms)}`
}

async function cut(nodes: readonly Node[], random: () => number): Promise<string> {
  const hit = random() < 0.5 ? nodes : [drawOne(nodes, random)]
  for (const { proxy } of hit) proxy.cut()
  return `connections to Kafka cut of ${hit.map(({ member }) => member.name).join(', ')}`
}

async function held({ member, proxy }: Node, random: () => number): Promise<string> {
  const ms = random() < 0.6 ? 200 + random() * 1_500 : 5_500 + random() * 1_500
  await proxy.hold(ms)
  return `nothing passed between ${member.name} and Kafka for ${seconds(ms)}`
}

/** Too many parts, a read-only replica, no memory. */
const EXCEPTIONS = [252, 242, 241]

async function warehouseFault({ front }: Parts, { random }: FaultContext): Promise<string> {
  const times = 1 + Math.floor(random() * 4)
  const when = random() < 0.5 ? 'before' : 'after'
  const rules: readonly FaultRule['fault'][] = [
    { kind: 'late', ms: 200 + Math.round(random() * 3_000) },
    { kind: 'slow', ms: 200 + Math.round(random() * 3_000) },
    { kind: 'twice' },
    { kind: 'twice' },
    { kind: 'cut', when: 'after' },
    { kind: 'cut', when: drawOne(['before', 'middle'] as const, random) },
    { kind: 'status', status: drawOne([500, 502, 503], random), when },
    { kind: 'exception', code: drawOne(EXCEPTIONS, random), when },
  ]
  const fault = drawOne(rules, random)
  await front.inject({ fault, times })
  await pause(300 + random() * 1_000)
  return `${times} inserts: ${JSON.stringify(fault)}`
}

async function warehouseKilled({ front }: Parts, { random }: FaultContext): Promise<string> {
  const awayMs = random() * 1_500
  await front.kill()
  await pause(awayMs)
  await front.restart()
  return `SIGKILL of the warehouse, started again after ${seconds(awayMs)}`
}
