// Guarantees: a policy of the configuration decides in a real process by a metric, bounds and the measured power of its replicas; its
// decisions and their effects are rows; policies put over HTTP decide, are versioned and end; a process of role scaling alone
// answers from memory while the rest is away, says when answers are stale, and begins with its file.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type {
  ScalingDecisionsAnswer,
  ScalingNumber,
  ScalingNumbers,
  ScalingPolicyHistoryAnswer,
} from '../../core/api/answers.ts'
import { eventually, until } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const run = promisify(execFile)
let data = ''
let apart = ''
let wattline: WattlineProcess
let answering: WattlineProcess | null = null

const CONFIG = `
factors: {zone: DE, intensity_g_per_kwh: "400", pue: "1.5"}
tariffs: {currency: EUR, price_per_kwh: "0.30"}
scaling:
  checkout:
    interval: 1s
    stale_after: 5s
    demand: {metric: {name: queue.length, labels: {service.name: checkout}}, window: 60s, target_per_replica: 10}
    floor: {replicas: 1}
    ceiling: {replicas: 40, carbon_budget_g_per_hour: 600}
    scale_down: {stabilisation: 0s}
    replica: {watts: 50}
`

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'wattline-scaling-'))
  apart = mkdtempSync(join(tmpdir(), 'wattline-answers-'))
  writeFileSync(join(data, 'wattline.yaml'), CONFIG)
  wattline = await startProcess({ data })
}, 60_000)

afterAll(async () => {
  await answering?.end('SIGTERM')
  await wattline?.end('SIGTERM')
  for (const folder of [data, apart]) rmSync(folder, { recursive: true, force: true })
})

async function queue(length: number): Promise<void> {
  const dataPoints = [{ timeUnixNano: `${BigInt(Date.now()) * 1_000_000n}`, asDouble: length }]
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'checkout' } }] }
  const metrics = [{ name: 'queue.length', gauge: { dataPoints } }]
  const reply = await fetch(`${wattline.otlp}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }),
  })
  expect(reply.status).toBe(200)
}

const ask = async <T>(
  path: string,
  init: RequestInit = {},
  from = wattline,
): Promise<{ status: number; body: T }> => {
  const reply = await fetch(`${from.http}${path}`, init)
  const text = await reply.text()
  return { status: reply.status, body: (text === '' ? null : JSON.parse(text)) as T }
}
const number = async (name: string, from = wattline) =>
  (await ask<ScalingNumber>(`/api/v1/scaling/${name}`, {}, from)).body
const put = (name: string, policy: unknown) =>
  ask<{ changed: boolean; detail?: string }>(`/api/v1/scaling/policies/${name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(policy),
  })

it('follows demand within the budget of carbon, and says why', async () => {
  await queue(45)
  const found = await eventually(
    () => number('checkout'),
    one => one.replicas === 5,
  )
  expect(found).toMatchObject({
    demand: 45,
    demand_replicas: 5,
    ruled_by: 'demand',
    active: true,
    stale: null,
  })
  expect(found.metric).toEqual({
    name: 'wattline_replicas',
    labels: { policy: 'checkout' },
    value: 5,
    target: 1,
  })
  // 50 W x 1.5 x 400 g/kWh = 30 g/h: 600 g/h are 20 replicas.
  await queue(1_000)
  const bound = await eventually(
    () => number('checkout'),
    one => one.replicas === 20,
  )
  expect(bound).toMatchObject({ ruled_by: 'carbon', demand_replicas: 100 })
  expect(bound.explanation).toContain('= 30 g/h a replica')
  const { stdout } = await run('node', [
    'cli/wattline.ts',
    'scaling',
    'explain',
    'checkout',
    '--url',
    wattline.http,
  ])
  expect(stdout).toMatch(/^checkout at .*: 20 replicas \((before|unchanged)/)
  expect(stdout).toContain(
    'The budget of 600 g/h allows it: 50 W a replica (configured) x PUE 1.5 x 400 g/kWh in DE',
  )
  const list = await run('node', ['cli/wattline.ts', 'scaling', 'list', '--url', wattline.http])
  expect(list.stdout).toMatch(/checkout\s+20\s+carbon\s+1000/)
})

it('keeps each decision as one row, which the same inputs give again', async () => {
  const rows = await eventually(
    () =>
      wattline.sql<{ DecisionId: string; Time: string; Replicas: number; RuledBy: string; Inputs: string }>(
        "SELECT DecisionId, Time, Replicas, RuledBy, Inputs FROM scaling_decisions WHERE Policy = 'checkout' AND Kind = 'decision' ORDER BY Time",
      ),
    found => found.some(({ Replicas }) => Replicas === 20),
  )
  expect(new Set(rows.map(({ DecisionId }) => DecisionId)).size).toBe(rows.length)
  expect(new Set(rows.map(({ Time }) => Time)).size).toBe(rows.length)
  const { body } = await ask<ScalingDecisionsAnswer>('/api/v1/scaling/checkout/decisions?limit=3')
  expect(body.decisions).toHaveLength(3)
  expect(body.truncated).toBe(true)
  expect(body.decisions[0]).toMatchObject({
    zone: 'DE',
    g_per_kwh: 400,
    price_per_kwh: 0.3,
    watts_quality: 'configured',
  })
})

it('takes policies over HTTP, keeps their history, and ends them', async () => {
  expect((await put('batch', { demand: { sql: 'SELECT 1' } })).status).toBe(400)
  const wrong = await put('batch', {
    demand: { target_per_replica: 1 },
    ceiling: { cost_budget_per_hour: '1' },
  })
  expect(wrong.body.detail).toMatch(/demand\.0\.sql is needed.*replica\.watts is needed/)
  expect((await put('policies', { demand: { sql: 'SELECT 3', target_per_replica: 1 } })).status).toBe(400)
  const policy = { interval: '1s', demand: { sql: 'SELECT 3 AS jobs', target_per_replica: 1 } }
  expect((await put('batch', policy)).body).toMatchObject({ changed: true })
  expect((await put('batch', policy)).body).toMatchObject({ changed: false })
  await eventually(
    () => number('batch'),
    one => one.replicas === 3,
  )
  await put('batch', { ...policy, demand: { sql: 'SELECT 4 AS jobs', target_per_replica: 1 } })
  await eventually(
    () => number('batch'),
    one => one.replicas === 4,
  )
  const { body } = await eventually(
    () => ask<ScalingPolicyHistoryAnswer>('/api/v1/scaling/policies/batch'),
    found => found.body.history.length === 2,
  )
  expect(body).toMatchObject({ source: 'api', policy: { interval: 1 } })
  const ended = await ask('/api/v1/scaling/policies/batch', { method: 'DELETE' })
  expect(ended.status).toBe(200)
  await until(async () => (await ask('/api/v1/scaling/batch')).status === 404)
  expect((await ask('/api/v1/scaling/policies/batch', { method: 'DELETE' })).status).toBe(404)
})

it('sees the rows of its tenant alone', async () => {
  await put('nosy', {
    interval: '1s',
    demand: { sql: 'SELECT count() FROM system.processes', target_per_replica: 1 },
  })
  const found = await eventually(
    () => ask<ScalingNumber>('/api/v1/scaling/nosy'),
    ({ body }) => body.decided_at !== undefined,
  )
  expect(found).toMatchObject({
    status: 503,
    body: { code: 'scaling_stale', stale: { reason: 'demand_unknown' }, replicas: 0 },
  })
  await ask('/api/v1/scaling/policies/nosy', { method: 'DELETE' })
})

it('answers from a process of its own while the rest is away, and says when that is stale', async () => {
  const environment = { WATTLINE_SCALING_SOURCE_URL: wattline.http }
  answering = await startProcess({ data: apart, roles: 'scaling', environment })
  await eventually(
    () => number('checkout', answering!),
    one => one.replicas === 20,
  )
  await wattline.end('SIGKILL')
  expect((await ask<ScalingNumbers>('/api/v1/scaling', {}, answering)).body.policies).toMatchObject([
    { name: 'checkout', replicas: 20 },
  ])
  const stale = await eventually(
    () => ask<ScalingNumber & { code?: string }>('/api/v1/scaling/checkout', {}, answering!),
    ({ status }) => status === 503,
  )
  expect(stale.body).toMatchObject({ code: 'scaling_stale', replicas: 20, stale: { reason: 'decision_old' } })
  const allowed = await ask<ScalingNumber>('/api/v1/scaling/checkout?stale=allow', {}, answering)
  expect(allowed).toMatchObject({ status: 200, body: { replicas: 20 } })
  expect((await ask<{ ready: boolean }>('/readyz', {}, answering)).body).toMatchObject({ ready: true })

  await answering.end('SIGKILL')
  answering = await startProcess({ data: apart, roles: 'scaling', environment })
  const again = await ask<ScalingNumber>('/api/v1/scaling/checkout?stale=allow', {}, answering)
  expect(again.body).toMatchObject({ replicas: 20, stale: { reason: 'decision_old' } })

  await answering.end('SIGTERM')
  wattline = await startProcess({ data })
  const back = await eventually(
    () => number('checkout'),
    one => one.stale === null,
  )
  expect(back.replicas).toBe(20)
  answering = await startProcess({
    data: apart,
    roles: 'scaling',
    environment: { WATTLINE_SCALING_SOURCE_URL: wattline.http },
  })
  await eventually(
    () => number('checkout', answering!),
    one => one.stale === null,
  )
}, 60_000)
