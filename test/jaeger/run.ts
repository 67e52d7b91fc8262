/** `npm run test:jaeger`: see README.md beside this file. */
import { deepStrictEqual } from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newToken, tokenHash } from '../../core/auth/token.ts'
import { startChild, waitFor } from '../kubernetes/plane/child.ts'
import { freePort } from '../kubernetes/plane/ports.ts'
import { startProcess } from '../support/wattline-process.ts'
import { jaegerProgram } from './build.ts'
import { expectedSpans, plainSpans, type UiTrace } from './expected.ts'
import { LONG, type SentResource, SHORT, sentTraces } from './sent.ts'

const program = await jaegerProgram()
const folder = mkdtempSync(join(tmpdir(), 'wattline-jaeger-'))
const tokens = { shop: newToken(), bank: newToken() }
writeFileSync(
  join(folder, 'tokens.yaml'),
  Object.entries(tokens)
    .map(
      ([tenant, token]) =>
        `- {tenant: ${tenant}, scopes: [ingest, read], sha256: "${tokenHash(token).toString('hex')}"}\n`,
    )
    .join(''),
)
const wattline = await startProcess({
  data: folder,
  environment: {
    WATTLINE_LISTEN_JAEGER: '0',
    WATTLINE_AUTH_TOKENS_FILE: join(folder, 'tokens.yaml'),
    WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100',
  },
})
const port = await freePort()
writeFileSync(join(folder, 'jaeger.yaml'), await jaegerConfig())
const jaeger = startChild(program, ['--config', join(folder, 'jaeger.yaml')], {
  log: join(folder, 'jaeger.log'),
})
const REAL = `http://127.0.0.1:${port}/api`
const OURS = `${wattline.http}/jaeger/api`
const bearer = (tenant: keyof typeof tokens): Record<string, string> => ({
  authorization: `Bearer ${tokens[tenant]}`,
})

interface Body {
  readonly data: readonly unknown[]
  readonly errors: unknown
}

async function ask(base: string, path: string, tenant: keyof typeof tokens = 'shop'): Promise<Body> {
  const answer = await fetch(base + path, { headers: bearer(tenant) })
  if (!answer.ok) throw new Error(`${base}${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Body
}

let compared = 0
/** The same question to Jaeger and to us, with one answer. */
async function both<T>(what: string, path: string, of: (body: Body) => T, expected: T): Promise<void> {
  deepStrictEqual(of(await ask(REAL, path)), expected, `${what}: Jaeger`)
  deepStrictEqual(of(await ask(OURS, path)), expected, `${what}: Wattline`)
  compared += 1
  process.stdout.write(`${what}: equal\n`)
}

try {
  const nowMs = Date.now()
  const sent = sentTraces(nowMs)
  await send(sent, 'shop')
  await send(secretOf(nowMs), 'bank')
  await waitFor('Jaeger answers', async () => (await ask(REAL, '/services')).data.length >= 3, {
    children: [jaeger],
  })
  await waitFor('all spans are stored', async () => (await ask(OURS, `/traces/${LONG}`)).data.length === 1)
  await compare(sent, nowMs)
  const leaked = JSON.stringify(await ask(REAL, `/traces?service=vault&limit=20`))
  if (leaked.includes('secret')) throw new Error('Jaeger shows a span of another tenant.')
  process.stdout.write(
    `${compared} questions, each with one answer from Jaeger, from Wattline and from what was sent.\n`,
  )
} catch (error) {
  process.stderr.write(`${jaeger.tail()}\n`)
  throw error
} finally {
  await jaeger.stop()
  await wattline.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
}

async function compare(sent: readonly SentResource[], nowMs: number): Promise<void> {
  const spans = expectedSpans(sent)
  const of = (id: string) => spans.filter(({ traceID }) => id.endsWith(traceID))
  const plain = ({ data }: Body) => plainSpans(data as readonly UiTrace[])
  const ids = ({ data }: Body): readonly string[] =>
    (data as readonly UiTrace[]).map(({ traceID }) => traceID).toSorted()
  const names = ({ data }: Body) => (data as readonly string[]).toSorted()
  await both('services', '/services', names, ['cart', 'mail', 'stock'])
  await both('operations', '/services/cart/operations', names, ['GET /cart/{id}', 'SELECT stock'])
  await both('operations of a kind', '/operations?service=cart&spanKind=client', ({ data }) => data, [
    { name: 'SELECT stock', spanKind: 'client' },
  ])
  await both('a trace by id', `/traces/${LONG}`, plain, of(LONG))
  await both('a trace with an id of 64 bits', `/traces/${SHORT.slice(16)}`, plain, of(SHORT))
  const window = `start=${(nowMs - 120_000) * 1_000}&end=${nowMs * 1_000}&limit=20`
  const short = SHORT.slice(16)
  const searches: readonly (readonly [string, readonly string[]])[] = [
    ['service=cart', [LONG]],
    ['service=stock', [LONG]],
    ['service=mail', [short]],
    ['service=cart&operation=SELECT%20stock', [LONG]],
    ['service=cart&minDuration=600ms', []],
    ['service=cart&maxDuration=450ms', [LONG]],
    ['service=mail&minDuration=2s', [short]],
    [`service=cart&tags=${encodeURIComponent('{"error":"true"}')}`, [LONG]],
    [`service=cart&tags=${encodeURIComponent('{"http.response.status_code":"500"}')}`, [LONG]],
    [`service=cart&tags=${encodeURIComponent('{"host.name":"h1","number.as.text":"42"}')}`, [LONG]],
    [`service=cart&tags=${encodeURIComponent('{"exception.type":"Timeout"}')}`, [LONG]],
    [`service=cart&tags=${encodeURIComponent('{"host.name":"h2"}')}`, []],
    ['service=nothing', []],
  ]
  for (const [query, expected] of searches)
    await both(`search ${query}`, `/traces?${window}&${query}`, ids, expected)
  await both('a search, complete', `/traces?${window}&service=mail`, plain, of(SHORT))
  await both('dependencies', `/dependencies?endTs=${nowMs + 1_000}&lookback=3600000`, ({ data }) => data, [
    { parent: 'cart', child: 'stock', callCount: 1 },
  ])
}

function secretOf(nowMs: number): readonly SentResource[] {
  const startNano = BigInt(nowMs) * 1_000_000n
  const span = {
    traceId: LONG,
    spanId: 'f'.repeat(16),
    name: 'secret',
    kind: 2,
    startTimeUnixNano: startNano.toString(),
    endTimeUnixNano: (startNano + 1_000_000n).toString(),
    attributes: [],
  }
  const attributes = [{ key: 'service.name', value: { stringValue: 'vault' } }]
  return [{ resource: { attributes }, scopeSpans: [{ scope: {}, spans: [span] }] }]
}

async function send(resourceSpans: readonly SentResource[], tenant: keyof typeof tokens): Promise<void> {
  const answer = await fetch(`${wattline.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(tenant) },
    body: JSON.stringify({ resourceSpans }),
  })
  const text = await answer.text()
  if (!answer.ok || text !== '{}') throw new Error(`OTLP: ${answer.status} ${text}`)
}

/** As docs/traces.md says, with ports of its own. */
async function jaegerConfig(): Promise<string> {
  const endpoint = wattline.door('jaeger').replace('http://', '')
  return `
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {receivers: [nop], exporters: [nop]}
  telemetry:
    metrics: {level: none}
    logs: {level: warn}
extensions:
  jaeger_storage:
    backends:
      wattline:
        grpc:
          endpoint: ${endpoint}
          timeout: 60s
          tls: {insecure: true}
          headers: {authorization: "Bearer ${tokens.shop}"}
  jaeger_query:
    storage: {traces: wattline}
    http: {endpoint: "127.0.0.1:${port}"}
    grpc: {endpoint: "127.0.0.1:${await freePort()}"}
receivers: {nop: }
exporters: {nop: }
`
}
