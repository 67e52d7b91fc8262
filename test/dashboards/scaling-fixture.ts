/** Answers about scaling, as an instance gives them. */
import type { ScalingDecisionAnswer, ScalingNumber } from '../../core/api/answers.ts'
import type { ScalingRule } from '../../core/model/scaling.ts'

const number = (name: string, nowMs: number, more: Partial<ScalingNumber>): ScalingNumber => ({
  name,
  replicas: 10,
  previous: 14,
  active: true,
  signal: 'down',
  changed_at: new Date(nowMs - 120_000).toISOString(),
  ruled_by: 'carbon',
  explanation:
    '10 replicas: the carbon budget of 900 g/h allows 10 at 412 g/kWh and 218 W each; demand wants 14',
  demand: 690,
  demand_replicas: 14,
  as_of: new Date(nowMs - 20_000).toISOString(),
  decided_at: new Date(nowMs - 12_000).toISOString(),
  age_s: 12,
  stale: null,
  metric: { name, labels: {}, value: 10, target: 1 },
  object: { namespace: 'shop', api_version: 'apps/v1', kind: 'Deployment', name },
  decision_id: 'd1',
  policy_version: 'v1',
  ...more,
})

const RULES: readonly ScalingRule[] = ['carbon', 'demand', 'stabilisation', 'service_level', 'floor', 'step']

const decision = (index: number, nowMs: number): ScalingDecisionAnswer => ({
  time: new Date(nowMs - index * 60_000).toISOString(),
  id: `d${index}`,
  policy_version: 'v1',
  replicas: 10 + ((index * 3) % 7),
  previous: 10 + (((index + 1) * 3) % 7),
  ruled_by: RULES[index % RULES.length]!,
  explanation: [
    'Demand 690 at 50 a replica: 14.',
    'Carbon budget 900 g/h: 10 replicas at 218 W and 412 g/kWh.',
  ],
  demand: index === 3 ? null : 690 - index * 20,
  demand_replicas: index === 3 ? null : 14,
  demand_age_s: index === 3 ? null : 20,
  floor: 2,
  ceiling: 40,
  bounds: [
    { rule: 'demand', replicas: 14 },
    { rule: 'floor', replicas: 2 },
    { rule: 'carbon', replicas: 10 },
    { rule: 'ceiling', replicas: 40 },
  ],
  without: index === 1 ? ['no price is known: the cost budget does not count'] : [],
  watts_per_replica: 218,
  watts_quality: 'measured',
  zone: 'DE',
  g_per_kwh: 412,
  intensity_version: 'i1',
  price_per_kwh: 0.28,
  currency: 'EUR',
  tariff_version: 'day/1',
  inputs: {},
  effect:
    index < 2
      ? null
      : {
          from: new Date(nowMs - index * 60_000).toISOString(),
          to: new Date(nowMs - (index - 1) * 60_000).toISOString(),
          replicas: 10.4,
          watts: 2_267.3,
          carbon_g: index === 2 ? null : 15.57,
          cost: 0.01058,
          currency: 'EUR',
        },
})

/** Null: it is about something else. */
export function scalingAnswer(url: URL, nowMs: number, isEmpty: boolean): unknown {
  if (url.pathname === '/api/v1/scaling') {
    const policies = [
      number('checkout', nowMs, {}),
      number('nightly-batch-of-a-very-long-name-for-a-telephone', nowMs, {
        replicas: 0,
        previous: null,
        active: false,
        ruled_by: 'shift',
        explanation: '0 replicas: deferrable work waits until 02:00, when a kWh emits 180 g less',
        object: null,
      }),
      number('search', nowMs, {
        ruled_by: 'demand',
        age_s: 300,
        stale: { reason: 'decision_old', text: 'The last decision is 300 s old' },
      }),
    ]
    return { policies: isEmpty ? [] : policies }
  }
  if (url.pathname === '/api/v1/scaling/policies') {
    const policies = ['checkout', 'new-one'].map(name => ({
      name,
      version: 'v1',
      source: 'api',
      policy: {},
    }))
    return { policies: isEmpty ? [] : policies }
  }
  if (!/^\/api\/v1\/scaling\/[^/]+\/decisions$/.test(url.pathname)) return null
  return { decisions: Array.from({ length: 20 }, (_, index) => decision(index, nowMs)), truncated: true }
}
