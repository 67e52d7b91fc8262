/** Answers about alerts, as an instance gives them. */
import type { AlertsAnswer, DeliveriesAnswer, RulesAnswer, SilencesAnswer } from '../../core/api/answers.ts'

const rule = (name: string, more: Partial<RulesAnswer['rules'][number]>): RulesAnswer['rules'][number] => ({
  group: 'budget',
  rule: name,
  check: 'carbon',
  sql: 'SELECT 1 AS value',
  interval: 60,
  window: 3_600,
  above: 900,
  below: null,
  for: 600,
  keep_firing_for: 0,
  no_data: 'alert',
  labels: { severity: 'page' },
  state: 'inactive',
  alerts: 0,
  ...more,
})

export const rulesAnswer = (): RulesAnswer => ({
  rules: [
    rule('CarbonHigh', { state: 'firing', alerts: 2 }),
    rule('HostWithoutMeter', {
      check: 'coverage',
      above: null,
      below: 0.5,
      for: 0,
      state: 'no_data',
      alerts: 1,
    }),
    rule('Everything', { check: null, above: null, for: 30, state: 'pending', alerts: 1 }),
    rule('Quiet', {}),
  ],
})

export function alertsAnswer(nowMs: number): AlertsAnswer {
  const ago = (minutes: number): string => new Date(nowMs - minutes * 60_000).toISOString()
  const alert = (account: string, more: Partial<AlertsAnswer['alerts'][number]>) => ({
    group: 'budget',
    rule: 'CarbonHigh',
    fingerprint: account.padEnd(16, '0'),
    state: 'firing' as const,
    value: 950.25,
    labels: { account, alertname: 'CarbonHigh', severity: 'page' },
    annotations: { summary: `${account} emits 950 gCO2e per hour` },
    active_at: ago(40),
    fired_at: ago(30),
    silenced_by: [],
    ...more,
  })
  return {
    alerts: [
      alert('shop', {}),
      alert('batch-of-a-very-long-name-that-does-not-fit-into-a-line-of-a-telephone', {
        silenced_by: ['s1'],
      }),
      alert('web', { state: 'pending', annotations: {}, fired_at: null }),
    ],
    truncated: false,
  }
}

export const silencesAnswer = (nowMs: number): { silences: SilencesAnswer['silences'][number][] } => ({
  silences: [
    {
      id: 's1',
      matchers: { alertname: 'CarbonHigh', account: 'batch-*' },
      starts_at: new Date(nowMs - 60_000).toISOString(),
      ends_at: new Date(nowMs + 3_600_000).toISOString(),
      created_by: 'ops',
      comment: 'night run',
    },
  ],
})

export function deliveriesAnswer(nowMs: number): DeliveriesAnswer {
  const delivery = (attempt: number, more: Partial<DeliveriesAnswer['deliveries'][number]>) => ({
    time: new Date(nowMs - attempt * 10_000).toISOString(),
    id: 'msg_0123456789abcdef',
    receiver: 'ops',
    attempt,
    outcome: 'delivered' as const,
    status: 204,
    error: '',
    duration_ms: 20,
    next_attempt: null,
    ...more,
  })
  return {
    deliveries: [
      delivery(2, {}),
      delivery(1, { outcome: 'failed', status: 503, error: 'answered 503: busy' }),
      delivery(1, {
        id: 'msg_dead',
        receiver: 'chat',
        outcome: 'dead',
        status: null,
        error: 'no answer within 20 s',
      }),
    ],
    truncated: false,
  }
}
