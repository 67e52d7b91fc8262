/**
 * Turns decisions of scaling policies into signals for what cannot ask: Heat's signal URLs, and anything else that takes a
 * webhook. A signal and how far its group is are one transaction; `deliver` sends it.
 */
import { RECORD_KIND, type StoredRecord } from '../../core/broker/broker.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { decodeRows } from '../../core/columns/rows.ts'
import { scalingDecisions } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'
import { messageRecords } from '../alert/records.ts'
import { ERASE_KIND, tenantOfErasure } from '../loop/erasure.ts'
import { assertReadable } from '../loop/readable.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import { type SignalledDecision, signalMessage } from './message.ts'
import { decodeOutcome, SIGNAL_OUTCOME_KIND, type SignalOutcome } from './outcome.ts'
import { type SignalRule, type WalkState, walk, withOutcome, withStep } from './walk.ts'

/** Name of the consumer group. */
export const SIGNAL = 'signal'

/** What the processor works with. */
export interface SignalOptions {
  readonly signals: Config['autoscalers']['signals']
  /** Of stream `notifications`. */
  readonly partitions: () => number
}

/** Reads stream `scaling_decisions`; appends to stream `notifications`. */
export const createSignal = (options: SignalOptions): Processor => ({
  name: SIGNAL,
  streams: [scalingDecisions.name],
  poll: { maxRecords: 256, maxBytes: 4 * 1024 * 1024, maxWaitMs: 250 },
  open: async partition => new SignalWorker(options, await partition.loadState()),
})

interface NamedRule extends SignalRule {
  /** Also the key of its state: another receiver or adjustment begins with what is known. */
  readonly key: string
}

class SignalWorker implements PartitionWorker {
  readonly #partitions: () => number
  readonly #rules: ReadonlyMap<string, NamedRule>
  readonly #states: Map<string, WalkState>

  constructor({ signals, partitions }: SignalOptions, entries: ReadonlyMap<string, Uint8Array>) {
    this.#partitions = partitions
    this.#rules = new Map(signals.map(one => [keyOf(one.tenant, one.policy), ruleOf(one)]))
    this.#states = new Map(
      [...entries].map(([key, bytes]) => [key, JSON.parse(Buffer.from(bytes).toString('utf8')) as WalkState]),
    )
  }

  apply(record: StoredRecord, step: Step): void {
    assertReadable(record)
    if (record.headers[RECORD_KIND] === ERASE_KIND) {
      this.#forget(record, step)
      return
    }
    if (record.headers[RECORD_KIND] === SIGNAL_OUTCOME_KIND) {
      this.#settle(decodeOutcome(record.value), step)
      return
    }
    if (this.#rules.size === 0) return
    for (const row of decodeRows(scalingDecisions, record.value)) {
      const rule = this.#rules.get(keyOf(row.Tenant, row.Policy))
      if (row.Kind === 'decision' && rule !== undefined)
        this.#decide(rule, decisionOf(row), record.timestampMs, step)
    }
  }

  #forget(record: StoredRecord, step: Step): void {
    const tenant = tenantOfErasure(record)
    for (const key of this.#states.keys()) {
      if (!key.startsWith(keyOf(tenant, ''))) continue
      this.#states.delete(key)
      step.state.set(key, null)
    }
  }

  #settle({ tenant, policy, id, outcome }: SignalOutcome, step: Step): void {
    const key = keyOf(tenant, policy)
    const before = this.#states.get(key)
    if (before !== undefined) this.#keep(key, withOutcome(before, id, outcome), step)
  }

  #keep(key: string, state: WalkState, step: Step): void {
    this.#states.set(key, state)
    step.state.set(key, Buffer.from(JSON.stringify(state)))
  }

  #decide(rule: NamedRule, decision: SignalledDecision, nowMs: number, step: Step): void {
    const before = this.#states.get(rule.key)
    const { state, signal } = walk(rule, before, decision)
    if (state === before) return
    if (signal === null) {
      this.#keep(rule.key, state, step)
      return
    }
    const message = signalMessage(decision, signal, rule.interval)
    const sent = { id: message.id, by: signal.to - signal.from, isDead: false }
    this.#keep(rule.key, withStep(state, before, sent), step)
    const messages = [{ tenant: decision.tenant, message }]
    for (const { stream, partition, record } of messageRecords(messages, this.#partitions(), nowMs)) {
      step.emit(stream, partition, record)
    }
  }
}

const keyOf = (tenant: string, policy: string): string => `${tenant}/${policy}`

function ruleOf({
  tenant,
  policy,
  up,
  down,
  interval,
  initial,
}: SignalOptions['signals'][number]): NamedRule {
  const way = (one: typeof up): SignalRule['up'] =>
    one === undefined ? undefined : { receiver: one.receiver, adjustment: one.adjustment ?? null }
  return { key: keyOf(tenant, policy), up: way(up), down: way(down), interval, initial: initial ?? null }
}

const decisionOf = (row: RowOf<typeof scalingDecisions>): SignalledDecision => ({
  tenant: row.Tenant,
  policy: row.Policy,
  id: row.DecisionId,
  at: row.Time,
  replicas: row.Replicas,
  previous: row.PreviousReplicas === null ? null : Number(row.PreviousReplicas),
  explanation: row.Explanation,
})
