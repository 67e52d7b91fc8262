/** One decision of one policy: reads what it needs, and decides. What cannot be read is as it was last known. */
import {
  knownIntensity,
  knownPrice,
  knownWindow,
  type MeasuredReplica,
  replicaCosts,
} from '../../core/autoscaling/known.ts'
import type { NamedPolicy } from '../../core/autoscaling/policies.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { FactorBooks } from '../../core/factors/follower.ts'
import { decimalText, parseDecimal } from '../../core/model/decimal.ts'
import { decide } from '../../core/scaling/decide.ts'
import type { KnownNumber, ScalingInputs } from '../../core/scaling/inputs.ts'
import type { ScalingPolicy } from '../../core/scaling/policy.ts'
import { measureReplica } from './costs.ts'
import { oneNumber, type ReadRows } from './read.ts'
import type { Explained } from './records.ts'
import { sourceStatement } from './sources.ts'
import type { PolicyState } from './state.ts'

/** What evaluations work with. */
export interface EvaluateOptions {
  readonly read: ReadRows
  readonly books: () => Promise<FactorBooks>
  /** Where nothing more precise is known. */
  readonly home: { readonly zone: string; readonly pue: string }
  /** Seconds after which minutes of the ledger are complete, as a rule. */
  readonly ledgerDelay: number
  readonly events: Events
}

/** How often the power of replicas is measured. */
const MEASURE_S = 300
const MINUTE_S = 60

/** A decision, and what is known after it. */
export interface PolicyEvaluation {
  readonly named: NamedPolicy
  readonly explained: Explained
  readonly state: Omit<PolicyState, 'pending'>
}

/** @param at seconds since the epoch */
export async function evaluatePolicy(
  options: EvaluateOptions,
  named: NamedPolicy,
  before: PolicyState,
  at: number,
  signal: AbortSignal,
): Promise<PolicyEvaluation> {
  const { policy } = named
  const books = await options.books()
  // Another version asks for other numbers.
  const isSame = before.memory.policyVersion === policy.version
  const known = isSame ? before : { ...before, demands: [], serviceLevel: null }
  const [demands, serviceLevel, measured] = await Promise.all([
    Promise.all(
      policy.demands.map((demand, index) =>
        newest(options, policy, 'demand', demand, at, known.demands[index] ?? null, signal),
      ),
    ),
    serviceLevelOf(options, policy, at, known.serviceLevel, signal),
    measuredReplica(options, policy, at, before.measured, signal),
  ])
  const inputs = inputsOf(options, policy, books, { ...before, demands, serviceLevel, measured }, at)
  const { decision, memory } = decide(policy, inputs, before.memory)
  return {
    named,
    explained: { policy, inputs, decision },
    state: { decidedAt: at, memory, demands, serviceLevel, measured },
  }
}

function inputsOf(
  { home }: EvaluateOptions,
  policy: ScalingPolicy,
  books: FactorBooks,
  { demands, serviceLevel, measured, memory }: PolicyState,
  at: number,
): ScalingInputs {
  const { zone } = replicaCosts(policy, measured, { zone: home.zone, pue: 1 })
  const pue = books.pue.at({ site: '', zone }, at)?.value ?? parseDecimal(home.pue)
  const costs = replicaCosts(policy, measured, { zone: home.zone, pue: Number(decimalText(pue)) })
  return {
    at,
    demands,
    serviceLevel,
    costs,
    intensity: knownIntensity(books, zone, at),
    price: knownPrice(books, policy, zone, at),
    window: knownWindow(books, policy, zone, at, memory),
  }
}

/** What a statement says now; what it said before where it fails, or says nothing. */
async function newest(
  options: EvaluateOptions,
  policy: ScalingPolicy,
  input: string,
  { source, windowSeconds }: Pick<ScalingPolicy['demands'][number], 'source' | 'windowSeconds'>,
  at: number,
  before: KnownNumber | null,
  signal: AbortSignal,
): Promise<KnownNumber | null> {
  const value = await numberOf(options, policy, input, { source, windowSeconds }, at, signal)
  return typeof value === 'number' ? { value, at } : before
}

/** Null: it says that there is no number. Undefined: it failed. */
async function numberOf(
  { read, ledgerDelay, events }: EvaluateOptions,
  { tenant, name }: ScalingPolicy,
  input: string,
  { source, windowSeconds }: Pick<ScalingPolicy['demands'][number], 'source' | 'windowSeconds'>,
  at: number,
  signal: AbortSignal,
): Promise<number | null | undefined> {
  try {
    const statement = sourceStatement(source, { at, windowSeconds, ledgerDelay })
    return oneNumber(await read(tenant, statement, signal))
  } catch (error) {
    if (!signal.aborted) events.emit('scalingInputFailed', { tenant, policy: name, input }, error)
    return undefined
  }
}

/** No number is a service without requests, which misses nothing. */
async function serviceLevelOf(
  options: EvaluateOptions,
  policy: ScalingPolicy,
  at: number,
  before: KnownNumber | null,
  signal: AbortSignal,
): Promise<KnownNumber | null> {
  const { serviceLevel } = policy.floor
  if (serviceLevel === null) return null
  const value = await numberOf(options, policy, 'service_level', serviceLevel, at, signal)
  if (value === undefined) return before
  return value === null ? null : { value, at }
}

async function measuredReplica(
  { read, ledgerDelay, events }: EvaluateOptions,
  policy: ScalingPolicy,
  at: number,
  before: MeasuredReplica | null,
  signal: AbortSignal,
): Promise<MeasuredReplica | null> {
  if (policy.replica.workloads === null) return null
  const to = Math.floor((at - ledgerDelay) / MINUTE_S) * MINUTE_S
  if (before !== null && to - before.at < MEASURE_S) return before
  try {
    return (await measureReplica(read, policy, to, signal)) ?? before
  } catch (error) {
    const { tenant, name } = policy
    if (!signal.aborted) events.emit('scalingInputFailed', { tenant, policy: name, input: 'power' }, error)
    return before
  }
}
