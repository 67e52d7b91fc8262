/** Who takes the idle energy of a window: policy of the operator, recorded on each row. */
import type { Config } from '../../../core/catalogue/config/schema.ts'
import { larger, sumOf } from '../../../core/model/integers.ts'
import { shareByUse } from '../../../core/model/split.ts'
import type { HostState } from '../state/host-state.ts'
import type { WindowUse } from './aggregate.ts'
import type { WindowGpus } from './gpus.ts'
import { firstForHost } from './patterns.ts'
import type { Reserved } from './requests.ts'

/** `none`: the operator. */
export type IdlePolicy = Config['metering']['idle_policy']

/** A policy as an entry names it; undefined for anything else. */
export const asIdlePolicy = (text: string | undefined): IdlePolicy | undefined =>
  text === 'none' || text === 'by_usage' || text === 'by_request' ? text : undefined

/** In sum all idle energy that there was. */
export interface IdleShares {
  /** In the order of the workloads. */
  readonly workloadsUj: readonly bigint[]
  /** What stays with the operator. */
  readonly restUj: bigint
}

interface Weights {
  readonly cpuUs: readonly bigint[]
  /** Null: unknown. */
  readonly byteSeconds: readonly (bigint | null)[]
  /** CPU time that no workload stands for: its part stays with the operator. */
  readonly restUs: bigint
}

/**
 * Shares by largest remainder, ties in the order of workloads; null: no workload takes any.
 *
 * - `by_usage`: by CPU time, the energy of memory by memory x time where that is known, as active energy is.
 * - `by_request`: likewise by what is reserved, out of the host's CPU capacity. What nobody has reserved stays with the operator, all of
 *   it where the capacity is unknown.
 * - Energy of GPUs by GPU time: used, or reserved out of the time of all boards.
 */
export function shareIdle(
  idleUj: bigint,
  policy: Exclude<IdlePolicy, 'none'>,
  component: string,
  use: IdleUse,
): IdleShares | null {
  if (idleUj === 0n) return null
  const weights = weightsOf(policy, component, use)
  if (weights === null || sumOf(weights.cpuUs) === 0n) return null
  const { workloads, unattributedUj } = shareByUse(
    idleUj,
    {
      workloadsUs: weights.cpuUs,
      ...(component === 'dram' ? { byteSeconds: weights.byteSeconds } : {}),
    },
    weights.restUs,
  )
  return { workloadsUj: workloads, restUj: unattributedUj }
}

interface IdleUse extends WindowUse {
  readonly reserved: readonly Reserved[] | null
  readonly gpus: WindowGpus | null
}

function weightsOf(policy: Exclude<IdlePolicy, 'none'>, component: string, use: IdleUse): Weights | null {
  if (component === 'gpu') return use.gpus === null ? null : gpuWeights(policy, use.gpus)
  return policy === 'by_usage' ? usageOf(use) : requestsOf(use)
}

function gpuWeights(policy: Exclude<IdlePolicy, 'none'>, { shares, capacityUs }: WindowGpus): Weights {
  const { usedUs, reservedIdleUs } = shares
  const isByUsage = policy === 'by_usage'
  const weights = isByUsage ? usedUs : usedUs.map((us, index) => us + reservedIdleUs[index]!)
  const restUs = isByUsage ? 0n : larger(capacityUs - sumOf(weights), 0n)
  return { cpuUs: weights, byteSeconds: [], restUs }
}

/** Memory of 0 counts as unknown, so that the ledger alone tells the shares. */
const known = (byteSeconds: bigint): bigint | null => (byteSeconds > 0n ? byteSeconds : null)

const usageOf = ({ workloads }: WindowUse): Weights => ({
  cpuUs: workloads.map(({ cpuUs }) => cpuUs),
  byteSeconds: workloads.map(({ byteSeconds }) => known(byteSeconds)),
  restUs: 0n,
})

function requestsOf({
  reserved,
  capacityUs,
}: WindowUse & { readonly reserved: readonly Reserved[] | null }): Weights | null {
  if (reserved === null || capacityUs === 0n) return null
  const cpuUs = reserved.map(({ cpu_request }) => cpu_request)
  return {
    cpuUs,
    byteSeconds: reserved.map(({ memory_request }) => known(memory_request)),
    restUs: larger(capacityUs - sumOf(cpuUs), 0n),
  }
}

/** The first rule for the tenant and host, else the policy of all. */
export function createIdlePolicies({
  idle_policy,
  idle_policies,
}: Pick<Config['metering'], 'idle_policy' | 'idle_policies'>): (host: HostState) => IdlePolicy {
  const policyFor = firstForHost(
    idle_policies.map(({ tenants, hosts, policy }) => ({ tenants, hosts, value: policy })),
  )
  return host => policyFor(host) ?? idle_policy
}
