/**
 * `npm run test:prometheus`: real clients of Prometheus' HTTP API ask a Wattline process, which got the same samples by remote
 * write; every value is compared. Go's client library and promtool ask below the prefix; the requests of KEDA's trigger and of
 * CloudKitty's collector are sent as these send them. Exits 1 on any difference. Needs Go.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual, promisify } from 'node:util'
import { isEquipped } from '../clients/leg.ts'
import { parseArgs } from '../support/arguments.ts'
import { builtOnce, go } from '../support/go-build.ts'
import { encodeWrite1, HEADERS_1, snappy } from '../support/remote-write.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { promtool } from './promtool.ts'

parseArgs({ options: {} })

/** Seconds: the newest sample; a multiple of the step. */
const END = Math.floor(Date.now() / 60_000) * 60
const CODES = { '200': 10, '500': 1 } as const

let compared = 0
const differences: string[] = []
function compare(what: string, found: unknown, expected: unknown): void {
  compared += 1
  if (isDeepStrictEqual(found, expected)) return
  differences.push(`${what}:\n  found    ${JSON.stringify(found)}\n  expected ${JSON.stringify(expected)}`)
}

const label = (code: string): Record<string, string> => ({
  __name__: 'clients_total',
  code,
  instance: 'i:1',
  job: 'clients',
})

async function send(wattline: WattlineProcess): Promise<void> {
  const series = Object.entries(CODES).map(([code, step]) => ({
    labels: Object.entries(label(code)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    samples: Array.from({ length: 8 }, (_, at) => ({
      value: at * step,
      timestamp: (END - 105 + 15 * at) * 1000,
    })),
  }))
  const body = snappy(encodeWrite1(series))
  const { status } = await fetch(`${wattline.otlp}/api/v1/write`, {
    method: 'POST',
    headers: HEADERS_1,
    body,
  })
  compare('remote write', status, 204)
  await eventually(
    () =>
      wattline.sql<{ n: string }>(
        "SELECT count() AS n FROM metric_points WHERE MetricName = 'clients_total'",
      ),
    ([row]) => Number(row?.n) === 16,
  )
}

async function goClient(wattline: WattlineProcess): Promise<void> {
  const source = join(import.meta.dirname, 'go')
  const client = await builtOnce('prometheus-client-v1.23.2', 'client', folder =>
    go(source, 'go', ['build', '-o', join(folder, 'client'), '.']),
  )
  const run = promisify(execFile)(client, [`${wattline.http}/prometheus`, String(END)])
  const found = JSON.parse((await run).stdout) as Record<string, unknown>
  const values = [END - 60, END - 45, END - 30, END - 15, END].map((time, at) => [
    time,
    String(11 * (3 + at)),
  ])
  compare('client_golang, instant', found['instant'], [{ metric: label('200'), value: [END, '70'] }])
  compare('client_golang, warnings', found['warnings'], null)
  compare('client_golang, range', found['range'], [{ metric: {}, values }])
  compare('client_golang, series', found['series'], ['200', '500'].map(label))
  compare('client_golang, labels', found['labels'], ['__name__', 'code', 'instance', 'job'])
  compare('client_golang, values', found['values'], ['200', '500'])
  compare('client_golang, metadata', found['metadata'], {
    clients_total: [{ type: 'counter', help: '', unit: '' }],
  })
  compare('client_golang, version', /^3\.\d+\.\d+$/.test(String(found['version'])), true)
  compare(
    'client_golang, error',
    String(found['error']).startsWith('bad_data: invalid parameter "query": 1:5: parse error:'),
    true,
  )
  compare('client_golang, groups', found['groups'], 0)
}

interface Vector {
  readonly status: string
  readonly data: { readonly resultType: string; readonly result: unknown }
}

async function requests(wattline: WattlineProcess): Promise<void> {
  const ask = async (path: string): Promise<Vector> =>
    (await (await fetch(wattline.http + path)).json()) as Vector
  const time = new Date(END * 1000).toISOString().replace('.000Z', 'Z')
  const keda = await ask(
    `/prometheus/api/v1/query?query=${encodeURIComponent('sum(clients_total)')}&time=${time}`,
  )
  compare('KEDA', keda.data, { resultType: 'vector', result: [{ metric: {}, value: [END, '77'] }] })
  const query = 'sum(sum_over_time(clients_total{job="clients"}[3600s])) by (code, job)'
  const zoned = encodeURIComponent(time.replace('Z', '+00:00'))
  const rated = await ask(`/prometheus/api/v1/query?query=${encodeURIComponent(query)}&time=${zoned}`)
  compare('CloudKitty', rated.data, {
    resultType: 'vector',
    result: [
      { metric: { code: '200', job: 'clients' }, value: [END, '280'] },
      { metric: { code: '500', job: 'clients' }, value: [END, '28'] },
    ],
  })
}

if (isEquipped('Prometheus clients', [['go', 'version']])) {
  const data = mkdtempSync(join(tmpdir(), 'wattline-prometheus-'))
  const environment = { WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100' }
  const wattline = await startProcess({ data, environment })
  try {
    await send(wattline)
    await requests(wattline)
    await goClient(wattline)
    await promtool({ wattline, end: END, folder: data, compare })
  } finally {
    await wattline.end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  }
  console.log(`${compared} answers compared, ${differences.length} differ`)
  for (const difference of differences) console.log(`\n${difference}`)
}
process.exitCode = compared > 0 && differences.length === 0 ? 0 : 1
