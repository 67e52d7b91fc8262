/** What an instance is configured with, and told, so that every board has something to draw. */
import type { WattlineProcess } from '../support/wattline-process.ts'

/** Rows that must be there before boards are looked at. */
export const FILLED = [
  "SELECT count() FROM request_energy WHERE Service != '' AND Requests > 0",
  "SELECT count() FROM request_energy WHERE Model != ''",
  "SELECT count() FROM request_energy WHERE Reason != ''",
  "SELECT count() FROM alerts WHERE State = 'firing'",
  "SELECT count() FROM deliveries WHERE Outcome = 'dead'",
  'SELECT count() FROM silences',
  'SELECT count() FROM scaling_decisions',
  "SELECT count() FROM tariffs WHERE Kind = 'spot'",
  "SELECT count() FROM grid_intensity WHERE Source = 'grid'",
  "SELECT count() FROM ledger WHERE IntensityVersion != '' AND TariffVersion != ''",
]

/** On port 1 nothing listens. */
export const CONFIGURATION = `
factors: {zone: DE, embodied_kg: "1000"}
tariffs: {price_per_kwh: "0.25"}
metering: {lateness: 0s}
group_commit: {thin_wait_ms: 100}
requests: {delay: 0s}
alerts:
  delay: 0s
  groups: [{name: all, interval: 1s, rules: [{alert: Always, sql: "SELECT 1 AS value", above: 0.5, annotations: {summary: one}}]}]
  receivers: [{name: nobody, kind: webhook, url: "http://127.0.0.1:1/", give_up_after: 1s}]
  routes: [{receiver: nobody, group_wait: 0s, group_interval: 1s}]
  allow_addresses: [127.0.0.1]
scaling:
  checkout:
    interval: 1s
    demand: {sql: "SELECT 45 AS jobs", target_per_replica: 10}
    floor: {replicas: 1}
    ceiling: {replicas: 4}
    replica: {watts: 50}
`

/** Sets factors that hold from an hour before a time to an hour after it, and a silence. */
export async function tell({ http }: WattlineProcess, atMs: number): Promise<void> {
  const iso = (ms: number): string => new Date(ms).toISOString()
  const hour = Math.floor(atMs / 3_600_000) * 3_600_000
  const when = { from: iso(hour - 3_600_000), to: iso(hour + 7_200_000) }
  const bodies: readonly (readonly [method: 'PUT' | 'POST', path: string, body: unknown])[] = [
    ['PUT', 'factors/intensity', { zone: 'DE', source: 'grid', values: [{ ...when, g_per_kwh: '400' }] }],
    ['PUT', 'factors/pue', { zone: 'FR', source: 'meter', values: [{ ...when, pue: '1.2' }] }],
    [
      'PUT',
      'tariffs/spot',
      { zone: 'DE', currency: 'EUR', source: 'market', values: [{ ...when, price_per_mwh: '80' }] },
    ],
    ['POST', 'silences', { matchers: { alertname: 'Other' }, ends_at: iso(Date.now() + 3_600_000) }],
  ]
  for (const [method, path, body] of bodies) {
    const answer = await fetch(`${http}/api/v1/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }
}
