/**
 * Guarantees: the metric APIs as Kubernetes' API server asks for them, over TLS with the front proxy's certificate: discovery
 * in both forms, OpenAPI, values as quantities, label selectors, errors as objects of kind Status. Without that certificate nobody
 * gets an answer; a namespace sees the policies of its tenant and objects of its own; a stale answer is refused with 503.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { openListenerTls } from '../../../../core/http/tls.ts'
import type { ScalingAnswers } from '../../../../core/scaling/answer.ts'
import {
  createKubernetesListener,
  type MetricApiServerOptions,
} from '../../../../query/scaling/kubernetes/server.ts'
import { type Certificate, createAuthority } from '../../../support/certificates.ts'
import { answerOf, bookOf, T0 } from '../answers.ts'

const frontProxy = createAuthority('Front proxy CA')
const server = createAuthority('Wattline CA').issue(['wattline.wattline.svc', '127.0.0.1'])
const proxy = frontProxy.issue(['front-proxy-client'])
const HPA = {
  'x-remote-user': 'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
  'x-remote-group': ['system:serviceaccounts', 'system:authenticated'],
  'x-remote-extra-scopes': 'x',
  accept: 'application/vnd.kubernetes.protobuf, */*',
}
const NAMESPACES = [
  { match: 'shop*', tenant: 'shop' },
  { match: 'bank', tenant: 'bank' },
]

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
  readonly body: Record<string, unknown>
}

/** A listener, and how to ask it. */
async function serve(answers: ScalingAnswers, more: Partial<MetricApiServerOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'))
  open.push(() => rmSync(folder, { recursive: true, force: true }))
  const paths = { cert: join(folder, 'cert'), key: join(folder, 'key'), clientCa: join(folder, 'ca') }
  writeFileSync(paths.cert, server.cert)
  writeFileSync(paths.key, server.key)
  writeFileSync(paths.clientCa, frontProxy.cert)
  const tls = await openListenerTls(paths, silentEvents)
  open.push(() => tls.close())
  const listener = createKubernetesListener({
    answers,
    namespaces: NAMESPACES,
    clientNames: ['front-proxy-client'],
    tls,
    events: silentEvents,
    ...more,
  })
  await listener.listen('127.0.0.1', 0)
  open.push(() => listener.stop())
  const { port } = listener.address()
  return (
    path: string,
    headers: RequestOptions['headers'] = HPA,
    certificate: Certificate | null = proxy,
    method = 'GET',
  ) => asked({ path, headers, method, port, rejectUnauthorized: false, ...certificate })
}

/** One request on a connection of its own; sessions of TLS are resumed. */
const agent = new Agent({ keepAlive: false })
async function asked(options: RequestOptions): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  request({ host: '127.0.0.1', agent, ...options }, reply => {
    const chunks: Buffer[] = []
    reply.on('data', chunk => chunks.push(chunk))
    reply.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const type = reply.headers['content-type'] ?? ''
      resolve({
        status: reply.statusCode ?? 0,
        type,
        text,
        body: text.startsWith('{') ? JSON.parse(text) : {},
      })
    })
  })
    .on('error', reject)
    .end()
  return promise
}

const EXTERNAL = '/apis/external.metrics.k8s.io/v1beta1'
const CUSTOM = '/apis/custom.metrics.k8s.io/v1beta2'
const deployment = (name: string, namespace = 'shop') => ({
  namespace,
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name,
})
const metric = (value: number, labels: Record<string, string> = {}, name = 'wattline_replicas') => ({
  name,
  labels,
  value,
  target: 1,
})

const { book } = bookOf(
  answerOf(),
  answerOf({ name: 'batch', metric: metric(2.5, { zone: 'DE' }) }),
  answerOf({ name: 'web', metric: metric(3500, {}, 'rps'), object: deployment('web') }),
  answerOf({ tenant: 'bank', name: 'vault', metric: metric(1, {}, 'bank_only') }),
)

describe('external metrics', () => {
  it('are lists of values with labels and times', async () => {
    const ask = await serve(book)
    const { status, type, body } = await ask(
      `${EXTERNAL}/namespaces/shop/wattline_replicas?labelSelector=policy%3Dcheckout`,
    )
    expect([status, type]).toEqual([200, 'application/json'])
    expect(body).toEqual({
      kind: 'ExternalMetricValueList',
      apiVersion: 'external.metrics.k8s.io/v1beta1',
      metadata: {},
      items: [
        {
          metricName: 'wattline_replicas',
          metricLabels: { policy: 'checkout' },
          timestamp: new Date(T0 * 1000).toISOString().replace('.000', ''),
          value: '6',
        },
      ],
    })
  })

  it.each([
    ['', ['batch', 'checkout']],
    ['zone=DE', ['batch']],
    ['zone!=DE', ['checkout']],
    ['!zone', ['checkout']],
    ['policy in (checkout,batch),zone', ['batch']],
    ['policy notin (batch)', ['checkout']],
    ['policy=none', []],
  ])('are selected by %s', async (selector, expected) => {
    const ask = await serve(book)
    const { status, body } = await ask(
      `${EXTERNAL}/namespaces/shop/wattline_replicas?labelSelector=${encodeURIComponent(selector)}`,
    )
    expect(status).toBe(200)
    const items = body['items'] as { metricLabels: { policy: string } }[]
    expect(items.map(({ metricLabels }) => metricLabels.policy).toSorted()).toEqual(expected)
  })

  it('have fractions as thousandths', async () => {
    const ask = await serve(book)
    const { body } = await ask(`${EXTERNAL}/namespaces/shop/wattline_replicas?labelSelector=policy=batch`)
    expect(body['items']).toMatchObject([{ value: '2500m' }])
  })

  it('that are stale are refused with 503, without asking for a retry', async () => {
    const { book: aging, clock } = bookOf(answerOf())
    const ask = await serve(aging)
    clock.s = T0 + 300
    const { status, body } = await ask(`${EXTERNAL}/namespaces/shop/wattline_replicas`)
    expect(status).toBe(503)
    expect(body).toMatchObject({
      kind: 'Status',
      status: 'Failure',
      reason: 'ServiceUnavailable',
      code: 503,
      message: expect.stringMatching(/^scaling_stale: The answer of policy checkout is stale/),
    })
  })

  it.each([
    ['an unknown metric', `${EXTERNAL}/namespaces/shop/nothing`, 404, 'NotFound'],
    ['a path without a namespace', `${EXTERNAL}/wattline_replicas`, 404, 'NotFound'],
    ['a path that goes on', `${EXTERNAL}/namespaces/shop/a/b`, 404, 'NotFound'],
    [
      'a selector that cannot be read',
      `${EXTERNAL}/namespaces/shop/rps?labelSelector=a%20b`,
      400,
      'BadRequest',
    ],
    ['a path that is not UTF-8', `${EXTERNAL}/namespaces/shop/%ff`, 400, 'BadRequest'],
    ['a namespace without a tenant', `${EXTERNAL}/namespaces/other/wattline_replicas`, 403, 'Forbidden'],
    ['another version', '/apis/external.metrics.k8s.io/v1/namespaces/shop/rps', 404, 'NotFound'],
    ['another group', '/apis/metrics.k8s.io/v1beta1/nodes', 404, 'NotFound'],
    ['another path', '/api/v1/pods', 404, 'NotFound'],
  ])('%s is an error of kind Status', async (_what, path, code, reason) => {
    const ask = await serve(book)
    const { status, body } = await ask(path)
    expect(status).toBe(code)
    expect(body).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code })
  })

  it('of more policies than a request may look through need the name of one', async () => {
    const many = Array.from({ length: 1_001 }, (_, index) => answerOf({ name: `p${index}` }))
    const ask = await serve(bookOf(...many).book)
    const path = `${EXTERNAL}/namespaces/shop/wattline_replicas`
    expect((await ask(path)).body).toMatchObject({
      kind: 'Status',
      code: 400,
      message: expect.stringContaining('policy=NAME'),
    })
    const named = await ask(`${path}?labelSelector=policy%3Dp7`)
    expect(named.body['items']).toMatchObject([{ metricLabels: { policy: 'p7' } }])
    expect((await ask(`${path}?labelSelector=policy%3Dnone`)).status).toBe(404)
  })

  it('are only read', async () => {
    const ask = await serve(book)
    expect((await ask(EXTERNAL, HPA, proxy, 'DELETE')).body).toMatchObject({
      reason: 'MethodNotAllowed',
      code: 405,
    })
    expect(await ask(EXTERNAL, HPA, proxy, 'HEAD')).toMatchObject({ status: 200, text: '' })
  })
})

describe('custom metrics', () => {
  it('describe the object that a policy scales, in both versions', async () => {
    const ask = await serve(book)
    const describedObject = { kind: 'Deployment', namespace: 'shop', name: 'web', apiVersion: 'apps/v1' }
    expect((await ask(`${CUSTOM}/namespaces/shop/deployments.apps/web/rps`)).body).toMatchObject({
      kind: 'MetricValueList',
      apiVersion: 'custom.metrics.k8s.io/v1beta2',
      items: [{ describedObject, metric: { name: 'rps' }, value: '3500' }],
    })
    expect(
      (
        await ask(
          `${CUSTOM.replace('v1beta2', 'v1beta1')}/namespaces/shop/deployments.apps/*/rps?metricLabelSelector=policy`,
        )
      ).body,
    ).toMatchObject({
      apiVersion: 'custom.metrics.k8s.io/v1beta1',
      items: [
        { describedObject, metricName: 'rps', value: '3500', selector: { matchLabels: { policy: 'web' } } },
      ],
    })
  })

  it.each([
    ['of another object', `${CUSTOM}/namespaces/shop/deployments.apps/other/rps`, 404],
    ['of another kind', `${CUSTOM}/namespaces/shop/statefulsets.apps/web/rps`, 404],
    ['of the namespace itself', `${CUSTOM}/namespaces/shop/metrics/rps`, 404],
    ['of an object without a namespace', `${CUSTOM}/nodes/a/rps`, 404],
    ['by labels of the object', `${CUSTOM}/namespaces/shop/deployments.apps/*/rps?labelSelector=a`, 400],
  ])('%s are refused', async (_what, path, code) => {
    const ask = await serve(book)
    expect((await ask(path)).body).toMatchObject({ kind: 'Status', code })
  })
})

describe('discovery', () => {
  it('has groups, their versions, and their resources', async () => {
    const ask = await serve(book)
    expect((await ask('/apis')).body).toMatchObject({
      kind: 'APIGroupList',
      groups: [{ name: 'external.metrics.k8s.io' }, { name: 'custom.metrics.k8s.io' }],
    })
    expect((await ask('/apis/custom.metrics.k8s.io/')).body).toMatchObject({
      kind: 'APIGroup',
      versions: [{ version: 'v1beta2' }, { version: 'v1beta1' }],
      preferredVersion: { groupVersion: 'custom.metrics.k8s.io/v1beta2', version: 'v1beta2' },
    })
    expect((await ask(EXTERNAL, { ...HPA, 'x-remote-user': 'system:kube-aggregator' })).body).toEqual({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'external.metrics.k8s.io/v1beta1',
      resources: [
        {
          name: 'externalmetrics',
          singularName: '',
          namespaced: true,
          kind: 'ExternalMetricValueList',
          verbs: ['get'],
        },
      ],
    })
  })

  it('names metrics where all namespaces belong to one tenant', async () => {
    const ask = await serve(book, { namespaces: [{ match: '*', tenant: 'shop' }] })
    const names = async (path: string) =>
      ((await ask(path)).body['resources'] as { name: string }[]).map(({ name }) => name)
    expect(await names(EXTERNAL)).toEqual(['externalmetrics', 'wattline_replicas', 'rps'])
    expect(await names(CUSTOM)).toEqual(['custommetrics', 'deployments.apps/rps'])
  })

  it.each(['v2', 'v2beta1'])('is aggregated in %s if asked for', async version => {
    const ask = await serve(book)
    const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
    const reply = await ask('/apis', { ...HPA, accept: `${type},application/json` })
    expect(reply.type).toBe(type)
    expect(reply.body).toMatchObject({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      items: [
        {
          metadata: { name: 'external.metrics.k8s.io' },
          versions: [{ version: 'v1beta1', freshness: 'Current' }],
        },
        {
          metadata: { name: 'custom.metrics.k8s.io' },
          versions: [{ version: 'v1beta2' }, { version: 'v1beta1' }],
        },
      ],
    })
  })

  it('has OpenAPI documents for the aggregator', async () => {
    const ask = await serve(book)
    expect((await ask('/openapi/v2')).body).toMatchObject({ swagger: '2.0', info: {}, paths: {} })
    const index = (await ask('/openapi/v3')).body as { paths: Record<string, { serverRelativeURL: string }> }
    expect(Object.keys(index.paths)).toContain('apis/custom.metrics.k8s.io/v1beta2')
    for (const { serverRelativeURL } of Object.values(index.paths))
      expect((await ask(serverRelativeURL)).body).toMatchObject({ openapi: '3.0.0' })
    for (const path of ['/healthz', '/livez', '/readyz']) expect((await ask(path)).text).toBe('ok')
  })
})

describe('tenants', () => {
  it('are told apart by namespace', async () => {
    const ask = await serve(book)
    expect((await ask(`${EXTERNAL}/namespaces/bank/bank_only`)).body).toMatchObject({
      items: [{ value: '1' }],
    })
    expect((await ask(`${EXTERNAL}/namespaces/shop/bank_only`)).status).toBe(404)
    expect(
      (await ask(`${EXTERNAL}/namespaces/bank/wattline_replicas?labelSelector=policy=checkout`)).status,
    ).toBe(404)
    expect((await ask(`${CUSTOM}/namespaces/bank/deployments.apps/web/rps`)).status).toBe(404)
  })

  it('have namespaces that do not see the objects of each other', async () => {
    const ask = await serve(book)
    expect((await ask(`${EXTERNAL}/namespaces/shop/rps`)).status).toBe(200)
    expect((await ask(`${EXTERNAL}/namespaces/shop-eu/rps`)).status).toBe(404)
    expect((await ask(`${EXTERNAL}/namespaces/shop-eu/wattline_replicas`)).status).toBe(200)
  })
})

describe('a caller', () => {
  it.each([
    ['without a certificate', null],
    ['with one of another authority', createAuthority('Other').issue(['front-proxy-client'])],
    [
      'with one that has expired',
      frontProxy.issue(['front-proxy-client'], { expires: new Date(Date.now() - 1_000) }),
    ],
  ])('%s does not get through the handshake', async (_what, certificate) => {
    const ask = await serve(book)
    await expect(ask(EXTERNAL, HPA, certificate)).rejects.toThrow()
  })

  it('with a certificate of another name is unauthorized, whatever its headers say', async () => {
    const ask = await serve(book)
    const other = frontProxy.issue(['somebody'])
    expect((await ask(EXTERNAL, HPA, other)).body).toMatchObject({ code: 401, reason: 'Unauthorized' })
    const any = await serve(book, { clientNames: [] })
    expect((await any(EXTERNAL, HPA, other)).status).toBe(200)
  })

  it('must be named, and must not be anonymous', async () => {
    const ask = await serve(book)
    expect((await ask(EXTERNAL, { accept: '*/*' })).status).toBe(401)
    const anonymous = { 'x-remote-user': 'system:anonymous', 'x-remote-group': 'system:unauthenticated' }
    expect((await ask(EXTERNAL, anonymous)).status).toBe(403)
  })

  it('may resume its session', async () => {
    const ask = await serve(book)
    for (let count = 0; count < 3; count++) expect((await ask(EXTERNAL)).status).toBe(200)
  })

  it('with headers beyond their limit is refused, and others are answered', async () => {
    const ask = await serve(book)
    const { status } = await ask(`${EXTERNAL}/namespaces/shop/x?labelSelector=${'a,'.repeat(9_000)}a`)
    expect(status).toBe(431)
    expect((await ask(`${EXTERNAL}/namespaces/shop/rps?labelSelector=${'a,'.repeat(3_000)}a`)).status).toBe(
      400,
    )
    expect((await ask(EXTERNAL)).status).toBe(200)
  })
})
