/**
 * Guarantees: the service map has the rate, errors and durations of each service and operation, the energy, carbon and cost that
 * `request_energy` has for them, and the calls between services; of one tenant only.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ServiceMapAnswer } from '../../../core/api/answers.ts'
import { requestEnergy } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import { unixSeconds } from '../support/rows.ts'
import { openTraceWorld, type TraceWorld } from './world.ts'

const energyRow = (row: Partial<RowOf<typeof requestEnergy>>): RowOf<typeof requestEnergy> => ({
  Tenant: 'shop',
  WindowStart: unixSeconds('2026-11-20T12:00:00Z'),
  Account: 'shop',
  Service: 'cart',
  Operation: 'GET /cart',
  SpanKind: 'Server',
  Host: 'h1',
  WorkloadKind: 'container',
  WorkloadId: 'c1',
  WorkloadName: 'cart',
  Namespace: '',
  Match: 'container_id',
  TraceId: '',
  Model: '',
  ModelPlace: '',
  Currency: 'EUR',
  IntensityKind: 'average',
  EnergyQuality: 'measured',
  Reason: '',
  Spans: 1n,
  Requests: 1n,
  Traces: 1n,
  SelfTimeNs: 1_500_001n,
  InputTokens: 0n,
  OutputTokens: 0n,
  EnergyUj: 4_000_000n,
  CarbonOperationalUg: 400n,
  CarbonEmbodiedUg: null,
  CostEnergyNano: 300n,
  CostResourceNano: null,
  EntryKind: 'original',
  Revision: 0,
  ...row,
})

let world: TraceWorld
beforeAll(async () => {
  world = await openTraceWorld()
  await world.store.insert(requestEnergy, [
    energyRow({}),
    energyRow({ Service: 'db', Operation: 'SELECT', EnergyUj: 1_000n, Requests: 1n, Traces: 0n }),
    energyRow({ Tenant: 'bank', Service: 'vault-of-bank', EnergyUj: 7n }),
  ])
})
afterAll(() => world.close())

const WINDOW = 'window=2026-11-20T12:00:00Z,2026-11-20T12:05:00Z'
const ask = async (query = WINDOW): Promise<ServiceMapAnswer> =>
  (await (await fetch(`${world.base}/api/v1/service-map?${query}`)).json()) as ServiceMapAnswer

it('has rate, errors, duration and energy of services and operations', async () => {
  const answer = await ask()
  expect(answer).toMatchObject({
    window: { from: '2026-11-20T12:00:00.000Z', to: '2026-11-20T12:05:00.000Z' },
    sampling: 1,
    truncated: false,
  })
  const cart = answer.services.find(({ service }) => service === 'cart')
  expect(cart).toMatchObject({
    // One of GET /cart, and a root span that was sent twice.
    requests: 3,
    requests_per_second: 0.01,
    errors: 1,
    energy_uj: '4000000',
    carbon_operational_ug: '400',
    carbon_embodied_ug: null,
    costs: [{ currency: 'EUR', energy_nano: '300', resource_nano: null }],
    per_request: { energy_uj: '4000000.000' },
    reasons: [],
  })
  expect(
    cart!.operations.map(one => [one.operation, one.requests, one.errors, one.energy_uj, one.reasons]),
  ).toEqual([
    ['slow', 2, 0, null, ['not_shared_yet']],
    ['GET /cart', 1, 1, '4000000', []],
  ])
  expect(cart!.operations[1]!.duration_ns).toEqual({
    mean: 2_500_001,
    p50: 2_500_001,
    p95: 2_500_001,
    p99: 2_500_001,
  })
  expect(answer.services.find(({ service }) => service === 'db')).toMatchObject({
    requests: 1,
    energy_uj: '1000',
  })
})

it('has the calls between services', async () => {
  expect((await ask()).calls).toEqual([
    {
      client: 'cart',
      server: 'db',
      calls: 1,
      calls_per_second: 1 / 300,
      errors: 0,
      duration_ns: { mean: 1_000_000, p50: 1_000_000, p95: 1_000_000, p99: 1_000_000 },
    },
  ])
})

it('is of one tenant, and empty where nothing happened', async () => {
  expect(JSON.stringify(await ask())).not.toContain('of-bank')
  expect(await ask('window=2026-11-19T12:00:00Z,2026-11-19T12:05:00Z')).toMatchObject({
    services: [],
    calls: [],
  })
  world.become('bank')
  const bank = await ask()
  world.become('shop')
  expect(bank.services.map(({ service, energy_uj }) => [service, energy_uj])).toEqual([
    ['vault-of-bank', '7'],
  ])
  expect((await fetch(`${world.base}/api/v1/service-map?window=abc`)).status).toBe(400)
})
