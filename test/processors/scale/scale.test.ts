// Guarantees: each time of a policy is decided at most once, also through restarts; a decision, its answer and its memory become visible
// together; what cannot be read is as it was last; a slow statement delays its own policy alone; policies of the configuration
// and of the API come, change and go; effects follow once the ledger has their minutes, once.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AnswerFollower } from '../../../core/autoscaling/answer-log.ts'
import { configuredPolicies, namedPolicy } from '../../../core/autoscaling/policies.ts'
import { createPolicyLog, erasePolicies } from '../../../core/autoscaling/policy-log.ts'
import type { Broker } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { scalingPolicySchema } from '../../../core/catalogue/config/keys/scaling.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { type EventName, silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { configuredFactors } from '../../../core/factors/configured.ts'
import { configuredBooks } from '../../../core/factors/follower.ts'
import { scalingAnswers, scalingDecisions, scalingPolicies } from '../../../core/model/streams/index.ts'
import type { ScalingAnswer } from '../../../core/scaling/answer.ts'
import { decide } from '../../../core/scaling/decide.ts'
import { NO_MEMORY, type ScalingInputs, type ScalingMemory } from '../../../core/scaling/inputs.ts'
import { type Processor, Runner } from '../../../processors/loop/runner.ts'
import { createScale } from '../../../processors/scale/processor.ts'
import type { DecisionRow } from '../../../processors/scale/records.ts'
import type { SourceStatement } from '../../../processors/scale/sources.ts'
import { impatient } from '../../support/impatient.ts'
import { until } from '../../support/until.ts'

const NOON = Date.parse('2026-11-30T12:00:00Z') / 1000
let folder: string
let broker: Broker
let runner: Runner | null = null
let nowS = NOON
let read: (statement: SourceStatement, tenant: string) => Promise<readonly (readonly unknown[])[]>
const rows: DecisionRow[] = []
const events: EventName[] = []
const retention = { timeMs: 3_600_000, bytes: 1e9 }

beforeEach(async () => {
  for (const list of [rows, events]) list.length = 0
  nowS = NOON
  read = async () => [[120]]
  folder = mkdtempSync(join(tmpdir(), 'wattline-scale-'))
  broker = impatient(await openEmbeddedBroker({ path: folder, maxBytes: 1e9, events: silentEvents }))
  await broker.createStreams([
    { name: scalingPolicies.name, partitions: 1, groups: ['scale'], retention, compacted: true },
    { name: scalingDecisions.name, partitions: 1, groups: ['notes'], retention },
    { name: scalingAnswers.name, partitions: 1, groups: [], retention, compacted: true },
  ])
})

afterEach(async () => {
  await runner?.stop()
  runner = null
  await broker.close()
  rmSync(folder, { recursive: true, force: true })
})

const notes: Processor = {
  name: 'notes',
  streams: [scalingDecisions.name],
  poll: { maxRecords: 100, maxBytes: 1e6, maxWaitMs: 10 },
  open: async () => ({ apply: ({ value }) => void rows.push(...decodeRows(scalingDecisions, value)) }),
}

const WEB = { interval: 30, demand: { sql: 'SELECT 1', target_per_replica: 50 }, replica: { watts: 50 } }

async function start(scaling: Readonly<Record<string, unknown>> = { web: WEB }): Promise<void> {
  const config = configSchema.parse({ scaling, factors: { zone: 'DE', pue: '1.5' } })
  const recorded = { emit: (name: EventName) => void events.push(name) }
  runner = new Runner({ broker, events: recorded, now: () => nowS * 1000 })
  await runner.start(
    createScale({
      configured: configuredPolicies(config),
      read: async (tenant, statement) => read(statement, tenant),
      books: async () => configuredBooks(configuredFactors(config)),
      home: { zone: 'DE', pue: '1.5' },
      ledgerDelay: 60,
      effectDelay: 60,
      broker: { lag: async () => [] },
      events: recorded,
      now: () => nowS * 1000,
    }),
  )
  await runner.start(notes)
}
const stop = async (): Promise<void> => {
  await runner?.stop()
  runner = null
}

const decisions = (policy = 'web'): readonly DecisionRow[] =>
  rows.filter(one => one.Kind === 'decision' && one.Policy === policy)
const times = (policy = 'web'): readonly number[] => decisions(policy).map(({ Time }) => Time - NOON)

/** Lets the clock stand at a time until a policy was decided for it. */
async function at(seconds: number, policy = 'web'): Promise<void> {
  nowS = NOON + seconds
  await until(() => times(policy).includes(seconds))
}
const answers = async (): Promise<readonly (ScalingAnswer | null)[]> =>
  (await new AnswerFollower(broker).read()).map(({ answer }) => answer)

describe('a policy of the configuration', () => {
  it('is decided for each interval once, and its answer is that of its last decision', async () => {
    await start()
    await at(0)
    await at(30)
    nowS = NOON + 59
    read = async () => [[300]]
    await at(60)
    expect(times()).toEqual([0, 30, 60])
    expect(decisions().map(({ Replicas }) => Replicas)).toEqual([3, 3, 6])
    const [last] = decisions().slice(-1)
    expect(await answers()).toMatchObject([
      {
        tenant: 'default',
        name: 'web',
        replicas: 6,
        previous: 3,
        signal: 'up',
        decisionId: last?.DecisionId,
      },
    ])
  })

  it('goes on through a stop: no time twice, missed ones not made up for, memory kept', async () => {
    await start()
    read = async () => [[500]]
    await at(0)
    await stop()
    // Within stabilisation, so that what was before the stop still counts.
    read = async () => [[50]]
    await start()
    nowS = NOON + 20
    await at(120)
    expect(times()).toEqual([0, 120])
    expect(decisions()[1]).toMatchObject({ Replicas: 10, PreviousReplicas: 10n, RuledBy: 'stabilisation' })
  })

  it('gives the same decisions again from the inputs of its rows', async () => {
    await start()
    for (const [index, demand] of [100, 900, 0, 40].entries()) {
      read = async () => [[demand]]
      await at(index * 30)
    }
    const [named] = configuredPolicies(configSchema.parse({ scaling: { web: WEB } }))
    let memory: ScalingMemory = NO_MEMORY
    const again = decisions().map(({ Inputs }) => {
      const decided = decide(named!.policy, JSON.parse(Inputs) as ScalingInputs, memory)
      memory = decided.memory
      return [decided.decision.replicas, decided.decision.ruledBy]
    })
    expect(again).toEqual(decisions().map(({ Replicas, RuledBy }) => [Replicas, RuledBy]))
  })

  it('changes and goes with the configuration', async () => {
    await start()
    await at(0)
    await stop()
    await start({ web: { ...WEB, floor: { replicas: 7 } } })
    await at(10)
    expect(decisions().at(-1)).toMatchObject({ Replicas: 7, RuledBy: 'floor' })
    await stop()
    await start({})
    await until(async () => (await answers())[0] === null)
    const log = await createPolicyLog(broker, [], () => nowS * 1000).list('default')
    expect(log).toEqual([])
  })
})

describe('what cannot be read', () => {
  it('is as it was last, with its age', async () => {
    await start()
    await at(0)
    read = async () => Promise.reject(new Error('away'))
    await at(30)
    expect(decisions()[1]).toMatchObject({ Replicas: 3, Demand: 120, DemandAge: 30n })
    expect(events).toContain('scalingInputFailed')
    expect((await answers())[0]).toMatchObject({ asOf: NOON, decidedAt: NOON + 30 })
  })

  it('says so where it has never been known', async () => {
    read = async () => [[null]]
    await start()
    await at(0)
    expect(decisions()[0]).toMatchObject({ Replicas: 0, DemandReplicas: null, DemandAge: null })
    expect((await answers())[0]).toMatchObject({ asOf: null, demand: null })
  })

  it('delays its own policy alone', async () => {
    read = async ({ sql }) => (sql.includes('slow') ? new Promise(() => undefined) : [[120]])
    const slow = { ...WEB, demand: { sql: "SELECT 'slow'", target_per_replica: 1 } }
    await start({ slow, web: WEB })
    await at(0)
    await at(30)
    expect(times('slow')).toEqual([])
  })
})

describe('a policy of the API', () => {
  const named = (floor: number) =>
    namedPolicy('shop', 'web', 'api', scalingPolicySchema.parse({ ...WEB, floor: { replicas: floor } }))

  it('is decided as its tenant, in place of a configured one, until it is deleted', async () => {
    const asked: string[] = []
    read = async (_, tenant) => {
      asked.push(tenant)
      return [[0]]
    }
    const configured = { web: { ...WEB, tenant: 'shop', floor: { replicas: 1 } } }
    await start(configured)
    await at(0)
    const log = createPolicyLog(broker, [], () => nowS * 1000)
    expect(await log.put(named(4))).toBe(true)
    expect(await log.put(named(4))).toBe(false)
    await at(5)
    expect(await log.end('shop', 'web')).toBe(true)
    expect(await log.end('shop', 'web')).toBe(false)
    await at(10)
    expect(decisions().map(({ Replicas }) => Replicas)).toEqual([1, 4, 1])
    expect(new Set(asked)).toEqual(new Set(['shop']))
  })

  it('leaves nothing behind when its tenant is erased', async () => {
    await start({})
    await createPolicyLog(broker, [], () => nowS * 1000).put(named(4))
    await at(0)
    expect(await erasePolicies(broker, 'shop', nowS * 1000)).toBe(1)
    await until(async () => (await answers())[0] === null)
    for (const stream of [scalingPolicies, scalingAnswers]) {
      const records = await broker.newest(stream.name)
      const text = [...records].map(([key, { value }]) => key + Buffer.from(value).toString('latin1')).join()
      expect(text).not.toContain('shop')
    }
  })
})

it('writes the effect of each decision once, when the ledger has its minutes', async () => {
  const ledger = (minute: number) => [NOON + minute * 60, 2, 6_000_000_000, 5_000_000, 7_000_000, 'EUR']
  read = async ({ sql }) =>
    sql.includes('AS minute') ? [ledger(0), ledger(1)] : sql.includes('uniqExactIf') ? [[null]] : [[120]]
  const policy = { ...WEB, interval: 60, replica: { watts: 50, workloads: { name: 'web-*' } } }
  await start({ web: policy })
  await at(0)
  await at(60)
  const effects = (): readonly DecisionRow[] => rows.filter(({ Kind }) => Kind === 'effect')
  await at(120)
  await until(() => effects().length === 1)
  expect(effects()[0]).toMatchObject({
    DecisionId: decisions()[0]?.DecisionId,
    EffectFrom: NOON,
    EffectTo: NOON + 60,
    EffectReplicas: 2,
    EffectWatts: 100,
    EffectCarbonUg: 5_000_000n,
    EffectCostNano: 7_000_000n,
    Currency: 'EUR',
  })
  await stop()
  await start({ web: policy })
  await at(180)
  await until(() => effects().length === 2)
  expect(new Set(effects().map(({ DecisionId }) => DecisionId)).size).toBe(2)
})
