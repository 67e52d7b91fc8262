/**
 * Decides how many replicas scaling policies want. It owns the one partition of stream `scaling_policies`, so that one process at a
 * time decides. Decisions, the answers to autoscalers, and what the next decision needs become visible in one transaction of the
 * log. A slow statement delays its own policy alone.
 */
import type { NamedPolicy } from '../../core/autoscaling/policies.ts'
import { inForce, policyKey, policyOfRecord, policyRecord } from '../../core/autoscaling/policy-log.ts'
import type { AssignedPartition, Broker, OutputRecord, StoredRecord } from '../../core/broker/broker.ts'
import { scalingPolicies } from '../../core/model/streams/index.ts'
import { catchingUpForRules } from '../alert/settled.ts'
import type { CatchingUp } from '../loop/catching-up.ts'
import { nextOffsetEntry } from '../loop/next-offset.ts'
import { assertReadable } from '../loop/readable.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import { type MeasuredEffect, measureEffects, minutesOf } from './effects.ts'
import { type EvaluateOptions, evaluatePolicy, type PolicyEvaluation } from './evaluate.ts'
import {
  answerOutput,
  type DecisionRow,
  decisionAnswer,
  decisionId,
  decisionRecords,
  decisionRow,
  effectRow,
} from './records.ts'
import {
  decodeScaleState,
  NEW_POLICY,
  ofPlace,
  type PolicyState,
  placeOf,
  policyEntry,
  type ScaleState,
  type ScaleStateEntries,
  stateEntry,
} from './state.ts'

/** Name of the consumer group. */
export const SCALE = 'scale'

/** What the processor works with. */
export interface ScaleOptions extends EvaluateOptions {
  readonly configured: readonly NamedPolicy[]
  /** Seconds after which effects are measured. */
  readonly effectDelay: number
  readonly broker: Pick<Broker, 'lag'>
  /** Wall clock, unix ms. */
  readonly now: () => number
}

/** Statements at a time: an engine in this process has other things to do. */
const MOST_RUNNING = 4
/** Decisions whose effects wait for the ledger; older ones are given up. */
const MOST_PENDING = 2_000
/** How often it is looked for effects. */
const EFFECTS_S = 30
/** So long a policy is left alone whose evaluation failed. */
const FAILED_S = 5

/** Reads stream `scaling_policies`; appends to streams `scaling_decisions` and `scaling_answers`. */
export const createScale = (options: ScaleOptions): Processor => ({
  name: SCALE,
  streams: [scalingPolicies.name],
  poll: { maxRecords: 256, maxBytes: 4 * 1024 * 1024, maxWaitMs: 250 },
  open: async partition => new ScaleWorker(options, partition, await partition.loadState()),
})

class ScaleWorker implements PartitionWorker {
  readonly #options: ScaleOptions
  readonly #partition: AssignedPartition
  readonly #policies: ScaleState['policies']
  readonly #states: ScaleState['states']
  readonly #running = new Set<string>()
  /** Decided, but not written yet. */
  readonly #decided = new Map<string, PolicyEvaluation>()
  readonly #restUntil = new Map<string, number>()
  readonly #over = new AbortController()
  #next: bigint
  #isConfigured = false
  #effectsAt = 0
  #settling: CatchingUp | null = null

  constructor(options: ScaleOptions, partition: AssignedPartition, entries: ReadonlyMap<string, Uint8Array>) {
    this.#options = options
    this.#partition = partition
    const { policies, states, next } = decodeScaleState(entries)
    this.#policies = policies
    this.#states = states
    this.#next = next
  }

  apply(record: StoredRecord, step: Step): void {
    assertReadable(record)
    const named = policyOfRecord(record)
    const key = record.key ?? ''
    if (named === null) this.#policies.delete(key)
    else this.#policies.set(key, named)
    step.state.set(...policyEntry(key, named))
    this.#next = record.offset + 1n
    step.state.set(...nextOffsetEntry(this.#next))
  }

  async tick(nowMs: number): Promise<void> {
    const now = nowMs / 1000
    if (!this.#isConfigured) await this.#takeConfigured(nowMs)
    const policies = inForce(this.#policies.values())
    await this.#forget(policies, nowMs)
    await this.#write(policies, nowMs)
    for (const named of policies) {
      if (this.#running.size >= MOST_RUNNING || this.#partition.revoked.aborted) break
      const at = this.#dueAt(named, now)
      if (at !== null) void this.#evaluate(named, at)
    }
    if (now - this.#effectsAt >= EFFECTS_S || now < this.#effectsAt) await this.#effects(policies, now)
  }

  close(): void {
    this.#over.abort()
  }

  /** Policies of the configuration are put into the log, so that every version is known of which decisions speak. */
  async #takeConfigured(nowMs: number): Promise<void> {
    const entries: ScaleStateEntries = new Map()
    const outputs: OutputRecord[] = []
    const note = (named: NamedPolicy, state: 'active' | 'deleted'): void => {
      const key = policyKey(named)
      entries.set(...policyEntry(key, state === 'active' ? named : null))
      outputs.push({ stream: scalingPolicies.name, partition: 0, record: policyRecord(named, state, nowMs) })
    }
    const { configured } = this.#options
    const keys = new Set(configured.map(policyKey))
    for (const named of configured) {
      if (this.#policies.get(policyKey(named))?.version !== named.version) note(named, 'active')
    }
    for (const [key, named] of this.#policies) {
      if (named.source === 'configuration' && !keys.has(key)) note(named, 'deleted')
    }
    if (outputs.length > 0) await this.#commit(entries, outputs)
    for (const [key, named] of this.#policies) {
      if (named.source === 'configuration' && !keys.has(key)) this.#policies.delete(key)
    }
    for (const named of configured) this.#policies.set(policyKey(named), named)
    this.#isConfigured = true
  }

  /** Policies that are gone: autoscalers get no more answers about them. */
  async #forget(policies: readonly NamedPolicy[], nowMs: number): Promise<void> {
    const known = new Set(policies.map(placeOf))
    const gone = [...this.#states.keys()].filter(place => !known.has(place) && !this.#running.has(place))
    if (gone.length === 0) return
    const entries: ScaleStateEntries = new Map(gone.map(place => stateEntry(place, null)))
    await this.#commit(
      entries,
      gone.map(place => answerOutput(ofPlace(place), null, nowMs)),
    )
    for (const place of gone) {
      this.#states.delete(place)
      this.#decided.delete(place)
    }
  }

  /** Null: not yet. Decisions are made for whole intervals, the first one at once; missed ones are not made up for. */
  #dueAt(named: NamedPolicy, now: number): number | null {
    const place = placeOf(named)
    if (this.#running.has(place) || this.#decided.has(place)) return null
    if (now < (this.#restUntil.get(place) ?? 0)) return null
    const { intervalSeconds, version } = named.policy
    const { decidedAt, memory } = this.#states.get(place) ?? NEW_POLICY
    const isNew = memory.policyVersion !== version
    const at = isNew ? Math.floor(now) : Math.floor(Math.floor(now / intervalSeconds) * intervalSeconds)
    return at > decidedAt ? at : null
  }

  async #evaluate(named: NamedPolicy, at: number): Promise<void> {
    const place = placeOf(named)
    this.#running.add(place)
    try {
      const before = this.#states.get(place) ?? NEW_POLICY
      const signal = AbortSignal.any([this.#partition.revoked, this.#over.signal])
      this.#decided.set(place, await evaluatePolicy(this.#options, named, before, at, signal))
      this.#restUntil.delete(place)
    } catch (error) {
      // The log could not be asked for factors: the next round tries again.
      this.#restUntil.set(place, at + FAILED_S)
      const { tenant, name } = named
      if (!this.#over.signal.aborted)
        this.#options.events.emit('scalingInputFailed', { tenant, policy: name, input: 'factors' }, error)
    } finally {
      this.#running.delete(place)
    }
  }

  /** What was decided since the last time. */
  async #write(policies: readonly NamedPolicy[], nowMs: number): Promise<void> {
    // A decision by a policy that was replaced or deleted meanwhile is not written.
    const versions = new Map(policies.map(named => [placeOf(named), named.version]))
    const decided = [...this.#decided].filter(([place, { named }]) => versions.get(place) === named.version)
    const states = new Map(decided.map(([place, one]) => [place, this.#stateAfter(place, one)]))
    for (const place of [...this.#decided.keys()]) if (!states.has(place)) this.#decided.delete(place)
    if (decided.length === 0) return
    const entries: ScaleStateEntries = new Map([...states].map(entry => stateEntry(...entry)))
    const explained = decided.map(([, one]) => one.explained)
    await this.#commit(entries, [
      ...decisionRecords(explained.map(decisionRow), nowMs),
      ...explained.map(one => answerOutput(one.policy, decisionAnswer(one), nowMs)),
    ])
    for (const [place, { explained: one }] of decided) {
      this.#states.set(place, states.get(place) ?? NEW_POLICY)
      this.#decided.delete(place)
      const { tenant, name } = one.policy
      this.#options.events.emit('scalingDecided', { tenant, policy: name, rule: one.decision.ruledBy })
    }
  }

  /** Effects that were measured while it was decided are not waited for again. */
  #stateAfter(place: string, { state, explained: { policy, decision } }: PolicyEvaluation): PolicyState {
    const { pending } = this.#states.get(place) ?? NEW_POLICY
    if (policy.replica.workloads === null) return { ...state, pending: [] }
    const { at, replicas } = decision
    const all = [...pending, { id: decisionId(policy, at), at, replicas, policyVersion: policy.version }]
    if (all.length > MOST_PENDING)
      this.#options.events.emit('scalingEffectsDropped', { tenant: policy.tenant, policy: policy.name })
    return { ...state, pending: all.slice(-MOST_PENDING) }
  }

  /** Measures effects once the tables have all that the log had when their minutes were due. */
  async #effects(policies: readonly NamedPolicy[], now: number): Promise<void> {
    const due = policies.filter(named => this.#dueEffects(named, now).length > 0)
    if (due.length === 0) {
      this.#effectsAt = now
      return
    }
    this.#settling ??= catchingUpForRules(this.#options.broker)
    if (!(await this.#settling.isDone())) return
    this.#settling = null
    this.#effectsAt = now
    for (const named of due) await this.#measure(named, now)
  }

  #dueEffects(named: NamedPolicy, now: number): PolicyState['pending'] {
    const { pending } = this.#states.get(placeOf(named)) ?? NEW_POLICY
    const until = now - this.#options.effectDelay
    return pending.filter(one => minutesOf(one, named.policy.intervalSeconds).to <= until)
  }

  async #measure(named: NamedPolicy, now: number): Promise<void> {
    const due = this.#dueEffects(named, now)
    const place = placeOf(named)
    const effects = await this.#measured(named, due)
    const state = this.#states.get(place)
    if (effects === null || state === undefined) return
    const done = new Set(due.map(({ id }) => id))
    const after = { ...state, pending: state.pending.filter(({ id }) => !done.has(id)) }
    const rows: readonly DecisionRow[] = effects.map(effect => effectRow(named.policy, effect))
    await this.#commit(new Map([stateEntry(place, after)]), decisionRecords(rows, now * 1000))
    this.#states.set(place, after)
  }

  /** Null: the tables could not be asked; the next round tries again. */
  async #measured(
    named: NamedPolicy,
    due: PolicyState['pending'],
  ): Promise<readonly MeasuredEffect[] | null> {
    try {
      return await measureEffects(this.#options.read, named.policy, due, this.#partition.revoked)
    } catch (error) {
      const { tenant, name } = named
      if (!this.#partition.revoked.aborted)
        this.#options.events.emit('scalingInputFailed', { tenant, policy: name, input: 'effect' }, error)
      return null
    }
  }

  async #commit(entries: ScaleStateEntries, outputs: readonly OutputRecord[]): Promise<void> {
    await this.#partition.transact({ outputs, state: entries, nextOffset: this.#next })
  }
}
