/** Policies and inputs for tests: each names only what it is about. */
import type { ScalingAnswer } from '../../../core/scaling/answer.ts'
import type { ScalingInputs } from '../../../core/scaling/inputs.ts'
import type { ScalingPolicy } from '../../../core/scaling/policy.ts'

export const T0 = 1_796_040_000

const UNLIMITED = { stabilisationSeconds: 0, step: null }

export const policyOf = (over: Partial<ScalingPolicy> = {}): ScalingPolicy => ({
  tenant: 'shop',
  name: 'checkout',
  version: 'v1',
  intervalSeconds: 30,
  staleAfterSeconds: 120,
  demands: [{ source: { kind: 'sql', sql: 'SELECT 1' }, windowSeconds: 60, targetPerReplica: 50 }],
  floor: { replicas: 0, serviceLevel: null },
  ceiling: { replicas: null, carbonGramsPerHour: null, costPerHour: null, intensity: [] },
  shift: null,
  up: UNLIMITED,
  down: UNLIMITED,
  replica: { workloads: null, windowSeconds: 3_600, watts: null, costPerHour: null, zone: null, account: '' },
  metric: { name: 'wattline_replicas', labels: { policy: 'checkout' } },
  object: null,
  ...over,
})

export const inputsOf = (over: Partial<ScalingInputs> & { readonly demand?: number } = {}): ScalingInputs => {
  const { demand, ...rest } = over
  const at = over.at ?? T0
  return {
    at,
    demands: [demand === undefined ? null : { value: demand, at }],
    serviceLevel: null,
    costs: {
      watts: 100,
      quality: 'measured',
      replicaMinutes: 60,
      measuredAt: T0,
      pue: 1.2,
      embodiedGramsPerHour: 0,
      resourceCostPerHour: 0,
      zone: 'DE',
    },
    intensity: { gramsPerKwh: 300, version: 'i1', staleSeconds: 0 },
    price: { perKwh: 0.25, currency: 'EUR', version: 'p1' },
    window: null,
    ...rest,
  }
}

export const answerOf = (over: Partial<ScalingAnswer> = {}): ScalingAnswer => ({
  tenant: 'shop',
  name: 'checkout',
  decisionId: 'd1',
  policyVersion: 'v1',
  replicas: 6,
  previous: 4,
  isActive: true,
  signal: 'up',
  changedAt: T0,
  demand: 300,
  demandReplicas: 6,
  ruledBy: 'demand',
  explanation: 'Demand asks for 6.',
  metric: { name: 'wattline_replicas', labels: { policy: 'checkout' }, value: 6, target: 1 },
  object: null,
  decidedAt: T0,
  asOf: T0,
  staleAfterSeconds: 120,
  ...over,
})
