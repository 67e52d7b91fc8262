/** `npm run test:alertmanager`: see README.md beside this file. */
import { deepStrictEqual } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AlertMessage, SentAlert } from '../../core/alerts/groups.ts'
import { commonLabels } from '../../core/alerts/labels.ts'
import { alertsSchema } from '../../core/catalogue/config/keys/alerts.ts'
import { addressFilter } from '../../core/outgoing/addresses.ts'
import { attemptDelivery } from '../../processors/deliver/attempt.ts'
import { eventually, until } from '../support/until.ts'
import { alertmanagerProgram } from './build.ts'

const folder = mkdtempSync(join(tmpdir(), 'wattline-alertmanager-'))
const bodies: { readonly path: string; readonly body: Body }[] = []
const server = createServer(async (request, reply) => {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  bodies.push({ path: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as Body })
  reply.writeHead(200).end()
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const hook = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
const port = await freePort()
writeFileSync(
  join(folder, 'alertmanager.yml'),
  `
route: {receiver: hook, group_by: [alertname, team], group_wait: 3s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: "${hook}/real", send_resolved: true}]}]
`,
)
const alertmanager = spawn(
  await alertmanagerProgram(),
  [
    `--config.file=${join(folder, 'alertmanager.yml')}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ],
  { stdio: 'ignore' },
)
const base = `http://127.0.0.1:${port}`
/** Keys that name the one who sends. */
const OWN = ['externalURL']

interface Body {
  readonly status: string
  readonly alerts: readonly { readonly fingerprint: string; readonly [key: string]: unknown }[]
  readonly [key: string]: unknown
}

try {
  await eventually(
    () =>
      fetch(`${base}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    ok => ok,
  )
  const nowS = (): number => Math.floor(Date.now() / 1000)
  // It waits for other alerts of the group only where the first one is new.
  const startsAt = nowS()
  const alert = (more: Record<string, string>, endsAt: number | null = null): SentAlert => ({
    labels: { alertname: 'CarbonHigh', team: 'a "b" \\c\nü 🔥', severity: 'page', ...more },
    annotations: { summary: 'more than <900> & "less"' },
    value: 950,
    startsAt,
    endsAt,
  })
  await compared('first notification', [alert({ host: 'h1' }), alert({ host: 'h2' })])
  await compared('some alerts resolved', [alert({ host: 'h1' }), alert({ host: 'h2' }, nowS() - 1)])
  await compared('all alerts resolved', [alert({ host: 'h1' }, nowS() - 1)])
  const known = (await (await fetch(`${base}/api/v2/alerts`)).json()) as readonly unknown[]
  deepStrictEqual(known, [])
  process.stdout.write('Alertmanager took 4 alerts and 3 messages; its webhook bodies and ours are equal.\n')
} finally {
  if (alertmanager.exitCode === null) {
    alertmanager.kill('SIGTERM')
    await once(alertmanager, 'exit')
  }
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
}

/** Sends alerts to the Alertmanager as kind `alertmanager`, and compares what it sends then with our kind `webhook`. */
async function compared(reason: NonNullable<AlertMessage['reason']>, alerts: readonly SentAlert[]) {
  const before = bodies.length
  const groupLabels = { alertname: 'CarbonHigh', team: alerts[0]!.labels['team']! }
  const message: AlertMessage = {
    id: `msg_${before}`,
    receiver: 'hook',
    groupKey: `default/0:hook:${JSON.stringify(groupLabels)}`,
    groupLabels,
    commonLabels: commonLabels(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonLabels(alerts.map(({ annotations }) => annotations)),
    status: alerts.some(({ endsAt }) => endsAt === null) ? 'firing' : 'resolved',
    reason,
    alerts,
  }
  await deliver(message, 'alertmanager', base)
  await until(() => bodies.slice(before).some(({ path }) => path === '/real'))
  const real = bodies.slice(before).find(({ path }) => path === '/real')!.body
  await deliver(message, 'webhook', `${hook}/ours`)
  const ours = bodies.find(({ path }, index) => index >= before && path === '/ours')!.body
  deepStrictEqual(comparable(ours), comparable(real))
  process.stdout.write(`${reason}: ${Object.keys(real).length} fields, ${real.alerts.length} alerts equal\n`)
}

/** A port that is free now: the Alertmanager does not say which one it got. */
async function freePort(): Promise<number> {
  const one = createSocketServer()
  one.listen(0, '127.0.0.1')
  await once(one, 'listening')
  const found = one.address()
  one.close()
  await once(one, 'close')
  return typeof found === 'object' && found !== null ? found.port : 0
}

/** In one order of keys and alerts. */
function comparable(body: Body): object {
  return {
    ...Object.fromEntries(Object.entries(body).filter(([key]) => !OWN.includes(key))),
    keys: Object.keys(body).toSorted(),
    alerts: body.alerts.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
  }
}

async function deliver(message: AlertMessage, kind: string, url: string): Promise<void> {
  const [receiver] = alertsSchema.parse({ receivers: [{ name: 'hook', kind, url }] }).receivers
  const { signal } = new AbortController()
  const pending = { message, createdMs: Date.now() }
  const result = await attemptDelivery(pending, receiver!, addressFilter(['127.0.0.1']), Date.now(), signal)
  deepStrictEqual([result.outcome, result.error], ['delivered', ''])
}
