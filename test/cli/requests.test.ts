// Guarantees: the table of requests shows joules and grams exactly, cut to three decimals, and `?` where nothing is known.
import { expect, it } from 'vitest'
import { renderRequests } from '../../cli/requests.ts'
import type { RequestsAnswer, RequestsRow } from '../../core/api/answers.ts'

const row = (more: Partial<RequestsRow>): RequestsRow => ({
  group: { service: 'cart' },
  requests: '4',
  requests_with_energy: '4',
  traces: '4',
  spans: '9',
  self_time_ns: '1',
  energy_uj: '1834567',
  carbon_operational_ug: '152',
  carbon_embodied_ug: null,
  costs: [],
  quality: { measured: 1, interpolated: 0, estimated: 0, simulated: 0 },
  per_request: {
    energy_uj: '458641.750',
    carbon_operational_ug: '38.000',
    carbon_embodied_ug: null,
    sci_ug: null,
    costs: [],
  },
  tokens: { input: '0', output: '0', remote: '0' },
  per_1000_tokens: null,
  reasons: [],
  ...more,
})
const answer = (rows: readonly RequestsRow[], reasons: readonly string[] = []): RequestsAnswer => ({
  window: { from: '2026-11-20T12:00:00.000Z', to: '2026-11-20T13:00:00.000Z' },
  group_by: ['service'],
  rows,
  truncated: false,
  total: row({ group: {}, reasons }),
  unrequested: { energy_uj: null, carbon_operational_ug: null, carbon_embodied_ug: null, costs: [] },
})

it('shows what is known, and what is not', () => {
  const unknown = row({ group: { service: 'far' }, energy_uj: null, per_request: null })
  const text = renderRequests(answer([row({}), unknown], ['no_workload']), 'table')
  const lines = text.split('\n').map(line => line.trim().split(/\s{2,}/))
  expect(lines).toContainEqual(['cart', '4', '1.834', '0.458', '0.038', '?'])
  expect(lines).toContainEqual(['far', '4', '?', '?', '?', '?'])
  expect(text).toContain('Not known: no_workload.')
})

it('says what to do when there is nothing', () => {
  expect(renderRequests(answer([]), 'table')).toContain('spans must name the workload')
})

it('gives the answer as it is as JSON', () => {
  expect(JSON.parse(renderRequests(answer([row({})]), 'json'))).toEqual(answer([row({})]))
})
