// Guarantees: a real process decides by a policy and says it at every door: KEDA over gRPC, KEDA's metrics-api, Kubernetes' metric APIs
// through the front proxy, and signals to Heat's URLs; a change of the policy reaches all of them, and streams at once.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { KedaClient, refTo } from '../query/scaling/keda/keda-rig.ts'
import { createAuthority } from '../support/certificates.ts'
import { eventually, until } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const authority = createAuthority('Front proxy CA')
const server = authority.issue(['127.0.0.1'])
const proxy = authority.issue(['front-proxy-client'])
const signals: {
  readonly path: string
  readonly body: { readonly reason_data: { readonly most_recent: number } }
}[] = []
let heat: Server
let data = ''
let wattline: WattlineProcess
let keda: KedaClient

const policy = (jobs: number) => ({
  interval: 1,
  stale_after: 60,
  demand: { sql: `SELECT ${jobs} AS jobs`, target_per_replica: 50 },
  scale_down: { stabilisation: 0 },
  kubernetes: { namespace: 'shop', name: 'checkout' },
})

beforeAll(async () => {
  heat = createServer(async (asked, reply) => {
    let body = ''
    for await (const chunk of asked) body += String(chunk)
    signals.push({ path: asked.url ?? '', body: JSON.parse(body) })
    reply.end()
  })
  await new Promise<void>(resolve => heat.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(heat.address() as AddressInfo).port}`
  data = mkdtempSync(join(tmpdir(), 'wattline-autoscaling-'))
  for (const [name, text] of Object.entries({ cert: server.cert, key: server.key, ca: authority.cert }))
    writeFileSync(join(data, name), text)
  const receivers = ['up', 'down'].map(way => ({ name: way, kind: 'aodh', url: `${url}/${way}` }))
  const config = {
    listen: { kubernetes: 0 },
    scaling: { checkout: policy(120) },
    alerts: { receivers, allow_addresses: ['127.0.0.1'] },
    autoscalers: {
      namespaces: [{ match: 'shop', tenant: 'default' }],
      kubernetes: { cert: 'cert', key: 'key', client_ca: 'ca' },
      signals: [
        {
          policy: 'checkout',
          up: { receiver: 'up', adjustment: 1 },
          down: { receiver: 'down', adjustment: 1 },
          interval: 1,
          initial: 1,
        },
      ],
    },
  }
  writeFileSync(join(data, 'wattline.yaml'), JSON.stringify(config))
  wattline = await startProcess({ data })
  keda = new KedaClient(Number(new URL(wattline.door('keda')).port))
}, 120_000)

afterAll(async () => {
  keda?.close()
  await wattline?.end('SIGTERM')
  heat?.close()
  rmSync(data, { recursive: true, force: true })
})

const METRIC =
  '/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/wattline_replicas?labelSelector=policy%3Dcheckout'
const OBJECT =
  '/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/deployments.apps/checkout/wattline_replicas'

/** As Kubernetes' API server asks. */
async function kubernetes(path: string): Promise<{ readonly items?: readonly { readonly value: string }[] }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const headers = { 'x-remote-user': 'system:serviceaccount:kube-system:horizontal-pod-autoscaler' }
  request(
    `${wattline.door('kubernetes')}${path}`,
    { ...proxy, headers, rejectUnauthorized: false },
    reply => {
      let text = ''
      reply.on('data', chunk => {
        text += String(chunk)
      })
      reply.on('end', () => resolve(text))
    },
  )
    .on('error', reject)
    .end()
  return JSON.parse(await promise)
}

/** As KEDA's metrics-api does: any status but 200 is a failure; `metric.value` must be a number. */
async function metricsApi(): Promise<number | null> {
  const reply = await fetch(`${wattline.http}/api/v1/scaling/checkout`)
  if (reply.status !== 200) return null
  return ((await reply.json()) as { metric: { value: number } }).metric.value
}

const values = async () => ({
  keda: await keda.metrics(refTo('checkout')).catch(() => null),
  json: await metricsApi(),
  external: (await kubernetes(METRIC)).items,
  custom: (await kubernetes(OBJECT)).items,
})
const expected = (replicas: number) => ({
  keda: {
    metricValues: [{ metricName: 'wattline_replicas', metricValue: replicas, metricValueFloat: replicas }],
  },
  json: replicas,
  external: [expect.objectContaining({ value: `${replicas}` })],
  custom: [expect.objectContaining({ value: `${replicas}` })],
})

it('says the same number at every door, and the next one once the policy changes', async () => {
  await eventually(metricsApi, value => value === 3)
  expect(await values()).toEqual(expected(3))
  const { messages } = keda.follow('StreamIsActive', refTo('checkout'))
  await until(() => messages.length === 1)
  await until(() => signals.length === 2)
  expect(signals.map(({ path, body }) => `${path} ${body.reason_data.most_recent}`)).toEqual([
    '/up 2',
    '/up 3',
  ])

  const put = await fetch(`${wattline.http}/api/v1/scaling/policies/checkout`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(policy(0)),
  })
  expect(put.status).toBe(200)
  await until(() => messages.length === 2)
  expect(messages).toEqual([{ result: true }, { result: false }])
  expect(await values()).toEqual(expected(0))
  await until(() => signals.length === 5)
  expect(signals.slice(2).map(({ path, body }) => `${path} ${body.reason_data.most_recent}`)).toEqual([
    '/down 2',
    '/down 1',
    '/down 0',
  ])
})
