// Guarantees: the documented configuration works in a real process: spans with errors become an alert, the alert a
// signed message, its end another one; silences and replays work over HTTP, and the engine accepts every built-in
// statement.
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CHECK_NAMES } from '../../core/alerts/checks.ts'
import type { AlertsAnswer, DeliveriesAnswer, RulesAnswer, SilenceAnswer } from '../../core/api/answers.ts'
import { eventually, until } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const KEY = '0123456789abcdef01234567'
const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = []
let data = ''
let server: Server
let wattline: WattlineProcess

beforeAll(async () => {
  server = createServer(async (request, reply) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    received.push({ headers: request.headers, body })
    reply.writeHead(204).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  data = mkdtempSync(join(tmpdir(), 'wattline-alerts-'))
  writeFileSync(
    join(data, 'wattline.yaml'),
    `
metering: {lateness: 0s}
alerts:
  delay: 0s
  groups:
    - name: shop
      interval: 1s
      rules:
        - {alert: Errors, check: trace_errors, window: 5s, above: 0.5, no_data: ok, labels: {severity: page}}
    - name: all
      interval: 15s
      rules:
${CHECK_NAMES.map(
  name => `        - {alert: All-${name}, check: ${name}, above: 1000000000, no_data: keep}`,
).join('\n')}
        - {alert: Last, sql: "SELECT 1 AS value"}
  receivers: [{name: ops, kind: standard, url: "http://127.0.0.1:${port}/", secrets: [whsec_${Buffer.from(KEY).toString('base64')}]}]
  routes: [{match: {alertname: Errors}, receiver: ops, group_by: [alertname, service], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}]
  allow_addresses: [127.0.0.1]
`,
  )
  wattline = await startProcess({ data })
}, 60_000)

afterAll(async () => {
  await wattline?.end('SIGTERM')
  server.close()
  rmSync(data, { recursive: true, force: true })
})

async function spans(service: string, code: number): Promise<void> {
  const nowNs = BigInt(Date.now()) * 1_000_000n
  const span = {
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: 'eee19b7ec3c1b174',
    name: 'GET /',
    kind: 2,
    startTimeUnixNano: `${nowNs - 1_000_000n}`,
    endTimeUnixNano: `${nowNs}`,
    status: { code },
  }
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] }
  const reply = await fetch(`${wattline.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
  })
  expect(reply.status).toBe(200)
}

const get = async <T>(path: string): Promise<T> =>
  (await fetch(`${wattline.http}${path}`)).json() as Promise<T>

it('sends an alert and its end, signed, and shows both', async () => {
  await spans('cart', 2)
  await until(() => received.length >= 1)
  const [first] = received
  const signed = `${first?.headers['webhook-id']}.${first?.headers['webhook-timestamp']}.${first?.body}`
  const signature = createHmac('sha256', KEY).update(signed).digest('base64')
  expect(first?.headers['webhook-signature']).toBe(`v1,${signature}`)
  expect(JSON.parse(first?.body ?? '')).toMatchObject({
    type: 'wattline.alert.firing',
    data: { alerts: [{ labels: { alertname: 'Errors', service: 'cart', severity: 'page' }, value: 1 }] },
  })
  await until(() => received.length >= 2)
  expect(JSON.parse(received[1]?.body ?? '')).toMatchObject({ type: 'wattline.alert.resolved' })
  const states = await eventually(
    () => wattline.sql<{ State: string }>("SELECT State FROM alerts WHERE Rule = 'Errors' ORDER BY Time"),
    rows => rows.length >= 2,
  )
  expect(states.map(({ State }) => State)).toEqual(['firing', 'resolved'])
})

it('evaluates every built-in statement', async () => {
  const { rules } = await eventually(
    () => get<RulesAnswer>('/api/v1/rules'),
    answer => answer.rules.some(({ rule, state }) => rule === 'Last' && state === 'firing'),
  )
  expect(rules).toHaveLength(CHECK_NAMES.length + 2)
  const metrics = await (await fetch(`${wattline.http}/metrics`)).text()
  expect(metrics).not.toMatch(/^wattline_alert_rule_failures_total.* [1-9]/m)
})

it('holds back silenced alerts, and shows them', async () => {
  const before = received.length
  const silence = await fetch(`${wattline.http}/api/v1/silences`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      matchers: { service: 'pay*' },
      ends_at: new Date(Date.now() + 3_600_000).toISOString(),
    }),
  })
  expect(silence.status).toBe(200)
  const { id } = (await silence.json()) as SilenceAnswer
  await eventually(
    () => get<{ silences: readonly SilenceAnswer[] }>('/api/v1/silences'),
    ({ silences }) => silences.some(one => one.id === id),
  )
  await spans('payment', 2)
  await eventually(
    async () => {
      await spans('payment', 2)
      return await get<AlertsAnswer>('/api/v1/alerts')
    },
    ({ alerts }) => alerts.some(one => one.labels['service'] === 'payment' && one.silenced_by.includes(id)),
  )
  expect(received.slice(before).some(({ body }) => body.includes('payment'))).toBe(false)
  expect((await fetch(`${wattline.http}/api/v1/silences/${id}`, { method: 'DELETE' })).status).toBe(204)
})

it('sends a message again, under its id', async () => {
  const { deliveries } = await eventually(
    () => get<DeliveriesAnswer>('/api/v1/deliveries'),
    answer => answer.deliveries.length >= 2,
  )
  const { id = '' } = deliveries.at(-1) ?? {}
  const before = received.length
  const replay = await fetch(`${wattline.http}/api/v1/deliveries/${id}/replay`, { method: 'POST' })
  expect(replay.status).toBe(200)
  await until(() => received.slice(before).some(({ headers }) => headers['webhook-id'] === id))
})
