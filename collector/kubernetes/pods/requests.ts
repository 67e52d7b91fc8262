/** What pods reserve, in the units of the books: thousandths of a core, bytes, thousandths of a board. */
import { larger } from '../../../core/model/integers.ts'
import type { KubePod, KubeResources } from '../api/objects.ts'
import { amountOf } from './quantity.ts'

/** What is reserved, and what else is said of it, by attribute: limits, and resources that the books do not know. */
export interface Requests {
  readonly cpu: bigint
  readonly memory: bigint
  readonly gpu: bigint
  readonly attributes: Readonly<Record<string, string>>
}

/** Nothing is reserved. */
export const NO_REQUESTS: Requests = { cpu: 0n, memory: 0n, gpu: 0n, attributes: {} }

const MILLI = 1_000n
/** Resources that are boards or parts of boards, as the device plugins of their makers name them. */
const GPU =
  /^(?:nvidia\.com\/(?:gpu|mig-|vgpu)|amd\.com\/gpu|gpu\.intel\.com\/(?:i915|xe)$|habana\.ai\/gaudi)/
const COMMON = new Set(['cpu', 'memory', 'ephemeral-storage', 'pods'])
/** Kinds of devices that one container can reserve; real containers reserve fewer. */
const MOST_EXTENDED = 4

/** What a container requests. Kubernetes itself fills in the requests when only limits are given. */
export function containerRequests({ requests = {}, limits = {} }: KubeResources): Requests {
  const extended = Object.entries(requests).filter(
    ([name]) => !COMMON.has(name) && !name.startsWith('hugepages-'),
  )
  const gpus = extended.filter(([name]) => GPU.test(name))
  const attributes: Record<string, string> = {}
  if (limits['cpu'] !== undefined) attributes['k8s.container.cpu.limit'] = `${limits['cpu']}`
  if (limits['memory'] !== undefined) attributes['k8s.container.memory.limit'] = `${limits['memory']}`
  for (const [name, amount] of extended.slice(0, MOST_EXTENDED))
    attributes[`k8s.container.request.${name}`] = `${amount}`
  return {
    cpu: amountOf(requests['cpu'], MILLI),
    memory: amountOf(requests['memory'], 1n),
    gpu: gpus.reduce((sum, [, amount]) => sum + amountOf(amount, MILLI), 0n),
    attributes,
  }
}

/** What a pod reserves beside its containers: the overhead of its runtime, and what is reserved for all of them together. */
export function requestsOfPod(spec: NonNullable<KubePod['spec']>): Requests {
  const whole = containerRequests({ requests: spec.resources?.requests ?? {} })
  const overhead = containerRequests({ requests: spec.overhead ?? {} })
  const parts = (spec.containers ?? []).map(({ resources }) => containerRequests(resources ?? {}))
  const beside = (name: 'cpu' | 'memory'): bigint =>
    overhead[name] + larger(whole[name] - parts.reduce((sum, part) => sum + part[name], 0n), 0n)
  return { cpu: beside('cpu'), memory: beside('memory'), gpu: 0n, attributes: {} }
}
