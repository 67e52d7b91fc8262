/**
 * Evaluates alert rules and decides what is sent. It owns the one partition of stream `silences`, so that one process at a time
 * evaluates. Each evaluation is one transaction of the log: changes of state, messages and what is known for the next time
 * become visible together, or not at all, and a replay decides the same again.
 */

import {
  configuredRoutes,
  type EvaluatedRule,
  evaluatedApart,
  type RuleGroup,
  ruleGroupsOf,
} from '../../core/alerting/rules.ts'
import {
  type AlertGroup,
  type AlertRoute,
  alertGroups,
  flushGroup,
  type GroupPlace,
  startGroup,
} from '../../core/alerts/groups.ts'
import {
  type AlertEvaluation,
  type AlertInstance,
  type AlertTransition,
  evaluateRule,
} from '../../core/alerts/instance.ts'
import {
  type AssignedPartition,
  type Broker,
  type OutputRecord,
  RECORD_KIND,
  type StoredRecord,
} from '../../core/broker/broker.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { decodeRows } from '../../core/columns/rows.ts'
import { notifications, silences } from '../../core/model/streams/index.ts'
import { ERASE_KIND } from '../loop/erasure.ts'
import { nextOffsetEntry } from '../loop/next-offset.ts'
import { assertReadable } from '../loop/readable.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import { firingByGroup } from './firing.ts'
import { erasedTenant, forgetAlerts } from './forget.ts'
import {
  messageRecords,
  type OutgoingMessage,
  type TransitionRow,
  transitionRecords,
  transitionRow,
} from './records.ts'
import type { ReadSamples } from './samples.ts'
import { EvaluationSchedule } from './schedule.ts'
import {
  type AlertState,
  type AlertStateEntries,
  decodeAlertState,
  evaluatedEntry,
  groupEntry,
  instanceEntries,
  sentAlertOf,
  silenceEntries,
  silencePlace,
  type TenantSilence,
} from './state.ts'

/** Name of the consumer group. */
export const ALERT = 'alert'

/** What the alert processor works with. */
export interface AlertOptions {
  readonly alerts: Config['alerts']
  /** Seconds that windows of the ledger wait for late readings. */
  readonly latenessSeconds: number
  readonly broker: Pick<Broker, 'lag' | 'partitions'>
  readonly read: ReadSamples
  readonly events: Events
  /** Wall clock, unix ms. */
  readonly now: () => number
}

/** Reads stream `silences`; appends to streams `alerts` and `notifications`. */
export const createAlert = (options: AlertOptions): Processor => ({
  name: ALERT,
  streams: [silences.name],
  poll: { maxRecords: 256, maxBytes: 4 * 1024 * 1024, maxWaitMs: 1_000 },
  open: async partition => new AlertWorker(options, partition, await partition.loadState()),
})

class AlertWorker implements PartitionWorker {
  readonly #options: AlertOptions
  readonly #partition: AssignedPartition
  readonly #groups: readonly RuleGroup[]
  readonly #routes: readonly AlertRoute[]
  readonly #state: AlertState
  readonly #schedule: EvaluationSchedule
  #next: bigint
  #isPruned = false

  constructor(options: AlertOptions, partition: AssignedPartition, entries: ReadonlyMap<string, Uint8Array>) {
    this.#options = options
    this.#partition = partition
    this.#groups = ruleGroupsOf(options.alerts).flatMap(evaluatedApart)
    this.#routes = configuredRoutes(options.alerts)
    const { state, next } = decodeAlertState(entries)
    this.#state = state
    this.#next = next
    this.#schedule = new EvaluationSchedule(options.broker, state.evaluatedAt, options.events)
  }

  apply(record: StoredRecord, step: Step): void {
    assertReadable(record)
    if (record.headers[RECORD_KIND] === ERASE_KIND) this.#forget(record, step)
    else if (record.headers[RECORD_KIND] === undefined) this.#silence(record, step)
    this.#next = record.offset + 1n
    step.state.set(...nextOffsetEntry(this.#next))
  }

  #silence(record: StoredRecord, step: Step): void {
    for (const row of decodeRows(silences, record.value)) {
      const { SilenceId: id, Tenant: tenant, StartsAt: startsAt, EndsAt: endsAt, Matchers: matchers } = row
      const silence = { id, tenant, startsAt, endsAt, matchers }
      this.#state.silences.set(silencePlace(silence), silence)
      for (const [key, entry] of silenceEntries(silence)) step.state.set(key, entry)
    }
  }

  #forget(record: StoredRecord, step: Step): void {
    const entries = forgetAlerts(erasedTenant(record.value), this.#state, this.#groups)
    for (const [key, entry] of entries) step.state.set(key, entry)
  }

  async tick(nowMs: number): Promise<void> {
    // Event time: what the newest evaluation may see.
    const now = Math.floor(nowMs / 1000) - this.#delay
    if (!this.#isPruned) await this.#prune(now)
    try {
      for (const group of this.#groups) {
        for (let at = this.#schedule.dueAt(group, now); at !== null; at = this.#schedule.dueAt(group, now)) {
          if (this.#partition.revoked.aborted || !(await this.#schedule.isSettled(group, at, now))) break
          await this.#evaluate(group, at)
        }
      }
    } finally {
      // What is known is sent also while the tables are away.
      if (!this.#partition.revoked.aborted) await this.#flush(now)
    }
  }

  get #delay(): number {
    return this.#options.latenessSeconds + this.#options.alerts.delay
  }

  async #evaluate(group: RuleGroup, at: number): Promise<void> {
    const entries: AlertStateEntries = new Map([evaluatedEntry(group.key, at)])
    const rows: TransitionRow[] = []
    const after: [string, ReadonlyMap<string, AlertInstance>][] = []
    const ended = new Map<string, OpenGroup>()
    for (const rule of group.rules) {
      const before = this.#state.instances.get(rule.key) ?? new Map()
      const found = await this.#evaluateRule(group, rule, before, at)
      if (found === null) continue
      after.push([rule.key, found.instances])
      for (const [key, value] of instanceEntries(rule.key, before, found.instances)) entries.set(key, value)
      for (const transition of found.transitions) {
        rows.push(transitionRow(group, rule.name, transition, at))
        this.#noteInGroups(group.tenant, transition, at, ended)
      }
    }
    for (const [key, one] of ended) entries.set(...groupEntry(key, one))
    await this.#commit(entries, transitionRecords(rows, this.#options.now()))
    for (const [rule, instances] of after) this.#state.instances.set(rule, instances)
    for (const [key, one] of ended) this.#state.groups.set(key, one)
    this.#state.evaluatedAt.set(group.key, at)
  }

  /** Null: it failed. An error ends no alert, and begins none. */
  async #evaluateRule(
    group: RuleGroup,
    rule: EvaluatedRule,
    before: ReadonlyMap<string, AlertInstance>,
    at: number,
  ): Promise<AlertEvaluation | null> {
    try {
      return evaluateRule(
        rule,
        before,
        await this.#options.read(group.tenant, rule, at, this.#partition.revoked),
        at,
      )
    } catch (error) {
      const failure = error instanceof RangeError ? ruleFailed(rule.name, error) : error
      if (isTransient(failure)) throw failure
      this.#options.events.emit(
        'alertRuleFailed',
        { group: group.name, rule: rule.name, tenant: group.tenant },
        failure,
      )
      return null
    }
  }

  /** A group of alerts begins with its first alert that fires; what ends is kept in it until it is sent. */
  #noteInGroups(
    tenant: string,
    { state, instance }: AlertTransition,
    at: number,
    changed: Map<string, OpenGroup>,
  ): void {
    if (state !== 'firing' && state !== 'resolved') return
    for (const place of alertGroups(this.#routes, tenant, instance.labels)) {
      const group = changed.get(place.key) ?? this.#openGroup(place, tenant, at)
      if (state === 'resolved') group.ended.push(sentAlertOf(instance, at))
      changed.set(place.key, group)
    }
  }

  /** A copy that alerts can be added to. */
  #openGroup(place: GroupPlace, tenant: string, at: number): OpenGroup {
    const group = this.#state.groups.get(place.key) ?? startGroup(place, tenant, at)
    return { ...group, ended: [...group.ended] }
  }

  async #flush(now: number): Promise<void> {
    const due = [...this.#state.groups.values()].filter(({ nextAt }) => nextAt <= now)
    if (due.length === 0) return
    const firing = firingByGroup(this.#groups, this.#routes, this.#state.instances)
    const entries: AlertStateEntries = new Map()
    const messages: OutgoingMessage[] = []
    const after: [string, AlertGroup | null][] = []
    for (const group of due) {
      const route = this.#routes.find((_, index) => group.key.startsWith(`${group.tenant}/${index}:`))
      const flushed = flushGroup(
        group,
        firing.get(group.key) ?? [],
        route ?? UNROUTED,
        this.#silencesOf(group.tenant),
        now,
      )
      after.push([group.key, flushed.group])
      // If a group has nothing new, only its time changes: after a restart it is due at once, and again has nothing new.
      const isSame = flushed.group !== null && flushed.message === null && group.ended.length === 0
      if (!isSame) entries.set(...groupEntry(group.key, flushed.group))
      if (flushed.message !== null && route !== undefined) {
        messages.push({ tenant: group.tenant, message: flushed.message })
      }
    }
    const partitions = this.#options.broker.partitions(notifications.name)
    if (entries.size > 0)
      await this.#commit(entries, messageRecords(messages, partitions, this.#options.now()))
    for (const [key, group] of after) {
      if (group === null) this.#state.groups.delete(key)
      else this.#state.groups.set(key, group)
    }
  }

  #silencesOf(tenant: string): readonly TenantSilence[] {
    return [...this.#state.silences.values()].filter(silence => silence.tenant === tenant)
  }

  /** Alerts of rules that the configuration does not have any more end; silences that are over are forgotten. */
  async #prune(now: number): Promise<void> {
    const known = new Map(this.#groups.flatMap(group => group.rules.map(rule => [rule.key, group] as const)))
    const entries: AlertStateEntries = new Map()
    const gone = [...this.#state.instances.keys()].filter(rule => !known.has(rule))
    for (const rule of gone) {
      const known = this.#state.instances.get(rule) ?? new Map()
      for (const [key, value] of instanceEntries(rule, known, new Map())) entries.set(key, value)
    }
    const over = [...this.#state.silences.values()].filter(({ endsAt }) => endsAt < now)
    for (const silence of over) {
      for (const [key, entry] of silenceEntries(silence, false)) entries.set(key, entry)
    }
    if (entries.size > 0) await this.#commit(entries, [])
    for (const rule of gone) this.#state.instances.delete(rule)
    for (const silence of over) this.#state.silences.delete(silencePlace(silence))
    this.#isPruned = true
  }

  async #commit(entries: AlertStateEntries, outputs: readonly OutputRecord[]): Promise<void> {
    await this.#partition.transact({ outputs, state: entries, nextOffset: this.#next })
  }
}

type OpenGroup = AlertGroup & { readonly ended: AlertGroup['ended'][number][] }

/** A route that is gone: what is left of its groups is dropped once they are due. */
const UNROUTED = { groupInterval: 0, repeatInterval: Number.POSITIVE_INFINITY }

const ruleFailed = (rule: string, error: RangeError): WattlineError =>
  new WattlineError('alert_rule_failed', `Rule ${rule} cannot be evaluated: ${error.message}.`, {
    cause: error,
  })

/** The engine is away, or a write of the log failed: the loop tries again, for the same time. */
const isTransient = (error: unknown): boolean =>
  error instanceof WattlineError && error.disposition === 'retry'
