/**
 * `npm run test:openstack`: OpenStack's own clients ask a Wattline process that got samples as Ceilometer posts them: Gnocchi's and
 * CloudKitty's commands and libraries, the observability client, Aodh's evaluators, CloudKitty's processor with its collectors for
 * Prometheus and for Gnocchi; KEDA's `openstack-metric` trigger is sent as KEDA sends it. Every value is compared with what was sent,
 * or with the ledger by SQL. About three minutes after the first download. Exits 1 on any difference, and if the clients cannot be
 * had here, which is said. Needs python3.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { newToken, tokenHash } from '../../core/auth/token.ts'
import { metricUuid, resourceUuid } from '../../query/openstack/gnocchi/model/uuids.ts'
import { parseArgs } from '../support/arguments.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

parseArgs({ options: {} })

const CACHE = new URL('../../node_modules/.cache/wattline-openstack', import.meta.url).pathname
const RELEASES = [
  'gnocchiclient==7.2.0',
  'python-cloudkittyclient==6.2.0',
  'python-observabilityclient==1.4.0',
  'cloudkitty==25.0.0',
  'aodh==23.0.0',
  'sqlalchemy<2.1',
]
const SCRIPT = new URL('./clients.py', import.meta.url).pathname
const VM = '57f2d45e-8ddf-4338-91df-62d0044ff1b5'
const OTHER_VM = '67f2d45e-8ddf-4338-91df-62d0044ff1b5'
const PROJECT = '894c48b5bc4247c3a1841e5ff43d0d88'
const TOKEN = newToken()
const INGEST = newToken()

/** Ten minutes ago, within one hour. */
const NOW_S = Math.floor(Date.now() / 1000)
const HOUR_S = Math.floor((NOW_S - 600) / 3_600) * 3_600
const START_S = Math.floor((NOW_S - 600) / 60) * 60
const TIMES = [0, 30, 60, 90, 120, 150].filter(at => START_S + at < HOUR_S + 3_600)

const differences: string[] = []
let compared = 0
function compare(what: string, found: unknown, expected: unknown): void {
  compared += 1
  if (isDeepStrictEqual(found, expected)) return
  differences.push(`${what}:\n  found    ${JSON.stringify(found)}\n  expected ${JSON.stringify(expected)}`)
}

/** Folder of the clients' programs. @throws with the reason where they cannot be had here */
function programs(): string {
  const complete = join(CACHE, 'complete')
  if (!existsSync(complete)) {
    mkdirSync(CACHE, { recursive: true })
    const run = (command: string, parameters: readonly string[]): void => {
      const { status, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8' })
      if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`)
    }
    run('python3', ['-m', 'venv', join(CACHE, 'venv')])
    run(join(CACHE, 'venv/bin/pip'), ['install', '--quiet', ...RELEASES])
    writeFileSync(complete, RELEASES.join('\n'))
  }
  return join(CACHE, 'venv/bin')
}

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(command: string, parameters: readonly string[]): Promise<Ended> {
  const child = spawn(command, parameters, { env: { ...process.env, TZ: 'UTC', PYTHONWARNINGS: 'ignore' } })
  const out = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (out.stderr += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', status => resolve({ status, ...out }))
  })
}

interface Sample {
  readonly name: string
  readonly unit: string
  readonly kind: 'gauge' | 'counter'
  readonly resource: string
  readonly project: string
  readonly at: number
  readonly value: number
}

const cpuAt = (at: number): number => 1_000_000_000 + at * 500_000_000
const memoryAt = (at: number): number => 1_024 + at
const samples: readonly Sample[] = TIMES.flatMap(second => {
  const at = START_S + second
  const of = (name: string, unit: string, value: number, resource = VM, project = PROJECT): Sample => ({
    ...{ name, unit, value, resource, project, at },
    kind: name === 'cpu' ? 'counter' : 'gauge',
  })
  return [
    of('hardware.ipmi.node.power', 'W', 212.5, 'cmp001', ''),
    of('cpu', 'ns', cpuAt(second)),
    of('memory.usage', 'MB', memoryAt(second)),
    of('cpu', 'ns', cpuAt(second) * 2, OTHER_VM, 'p2'),
    of('memory.usage', 'MB', 10, OTHER_VM, 'p2'),
  ]
})

async function post(wattline: WattlineProcess, sample: Sample): Promise<void> {
  const { name, unit, kind, resource, project, at, value } = sample
  const attribute = (key: string, text: string) => ({ key, value: { string_value: text } })
  const attributes = [
    attribute('resource_id', resource),
    attribute('user_id', 'u1'),
    attribute('project_id', project),
  ]
  const point = { attributes, start_time_unix_nano: at, time_unix_nano: at, as_double: value, flags: 0 }
  const metric = {
    name: name.replaceAll('.', '_'),
    description: `${name} unit:${unit}`,
    unit,
    [kind]: { data_points: [point] },
  }
  const answer = await fetch(`${wattline.otlp}/ceilometer/v1/metrics?host=cmp001`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${INGEST}` },
    body: JSON.stringify({
      resource_metrics: [
        { scope_metrics: [{ scope: { name: 'ceilometer', version: 'v1' }, metrics: [metric] }] },
      ],
    }),
  })
  if (answer.status !== 200) throw new Error(`Ceilometer's samples: ${answer.status} ${await answer.text()}`)
}

/** CPU time of the compute node: what its VMs use, and as much idle time. Without it no energy would be that of a VM. */
async function postHost(wattline: WattlineProcess): Promise<void> {
  const dataPoints = TIMES.flatMap(second =>
    ['user', 'idle'].map(state => ({
      attributes: [{ key: 'cpu.mode', value: { stringValue: state } }],
      timeUnixNano: `${START_S + second}000000000`,
      startTimeUnixNano: `${START_S - 60}000000000`,
      asDouble: 3 + 1.5 * second,
    })),
  )
  const answer = await fetch(`${wattline.otlp}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${INGEST}` },
    body: JSON.stringify({
      resourceMetrics: [
        {
          resource: { attributes: [{ key: 'host.name', value: { stringValue: 'cmp001' } }] },
          scopeMetrics: [
            {
              metrics: [
                {
                  name: 'system.cpu.time',
                  unit: 's',
                  sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints },
                },
              ],
            },
          ],
        },
      ],
    }),
  })
  if (answer.status !== 200) throw new Error(`CPU time of the host: ${answer.status} ${await answer.text()}`)
}

const isoAt = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}+00:00`

/** Measures of whole minutes. */
function minutes(of: (values: readonly number[]) => number, valueAt: (at: number) => number): unknown {
  return [...Map.groupBy(TIMES, at => Math.floor(at / 60))].map(([minute, some]) => [
    isoAt(START_S + minute * 60),
    60,
    of(some.map(valueAt)),
  ])
}
const max = (values: readonly number[]): number => Math.max(...values)
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

interface LedgerRow {
  readonly account: string
  readonly vm: string
  readonly uj: string
  readonly nano: string
}

async function commands(bin: string, wattline: WattlineProcess, ledger: readonly LedgerRow[]): Promise<void> {
  const ask = async (...parameters: readonly string[]): Promise<unknown> => {
    const plugin = [
      '--os-auth-type',
      'gnocchi-basic',
      '--user',
      TOKEN,
      '--endpoint',
      `${wattline.http}/gnocchi`,
    ]
    const { status, stdout, stderr } = await run(join(bin, 'gnocchi'), [
      ...plugin,
      ...parameters,
      '-f',
      'json',
    ])
    return status === 0 ? (JSON.parse(stdout) as unknown) : `${stdout}${stderr}`.trim()
  }
  type Rows = readonly Readonly<Record<string, unknown>>[]
  const metrics = (await ask('metric', 'list', '--limit', '100')) as Rows
  compare(
    'gnocchi metric list',
    metrics
      .filter(({ resource_id: id }) => id === VM)
      .map(({ name }) => name)
      .toSorted(),
    [
      'cpu',
      'memory.usage',
      'wattline_carbon_operational_grams',
      'wattline_cost_eur',
      'wattline_cpu_seconds',
      'wattline_energy_joules',
      'wattline_power_watts',
    ],
  )
  const CPU = metricUuid(VM, 'cpu')
  compare('gnocchi metric show', ((await ask('metric', 'show', CPU)) as Rows[number])['name'], 'cpu')
  const span = ['--start', isoAt(START_S), '--stop', isoAt(START_S + 600), '--granularity', '60', '--utc']
  const measures = (await ask('measures', 'show', CPU, '--aggregation', 'max', ...span)) as Rows
  compare(
    'gnocchi measures show',
    measures.map(row => [row['timestamp'], row['granularity'], row['value']]),
    minutes(max, cpuAt),
  )
  const search = (await ask('resource', 'search', '--type', 'instance', `project_id = "${PROJECT}"`)) as Rows
  compare(
    'gnocchi resource search',
    search.map(({ id }) => id),
    [VM],
  )
  const operations = '(aggregate mean (metric memory.usage mean))'
  const aggregates = (await ask(
    ...['aggregates', operations, 'type = instance', '--granularity', '60', '--groupby', 'project_id'],
    ...['--start', isoAt(START_S)],
  )) as Rows
  compare(
    'gnocchi aggregates',
    aggregates
      .filter(({ group }) => group === `project_id: ${PROJECT}`)
      .map(row => [row['timestamp'], row['granularity'], row['value']]),
    minutes(mean, memoryAt),
  )
  compare('gnocchi status', Object.values((await ask('status')) as object).slice(0, 2), [0, 0])
  compare(
    'gnocchi metric show, unknown',
    String(await ask('metric', 'show', resourceUuid('x', 'x'))).includes('does not exist'),
    true,
  )
  const rating = await run(join(bin, 'cloudkitty'), [
    ...['--os-auth-type', 'admin_token', '--os-token', TOKEN, '--os-endpoint', `${wattline.http}/cloudkitty`],
    ...['--os-rating-api-version', '2', 'summary', 'get', '-g', 'project_id', '-f', 'json'],
    ...['-b', isoAt(HOUR_S), '-e', isoAt(HOUR_S + 3_600), '--filter', 'type:energy'],
  ])
  compare(
    'cloudkitty summary get',
    rating.status === 0
      ? (JSON.parse(rating.stdout) as Rows).map(row => row['Project id']).toSorted()
      : rating.stderr,
    [...new Set(ledger.map(({ account }) => account))].toSorted(),
  )
}

async function libraries(
  bin: string,
  wattline: WattlineProcess,
  ledger: readonly LedgerRow[],
): Promise<void> {
  const asked = {
    base: wattline.http,
    token: TOKEN,
    vm: VM,
    project: PROJECT,
    start: HOUR_S,
    end: HOUR_S + 3_600,
  }
  const { status, stdout, stderr } = await run(join(bin, 'python'), [SCRIPT, JSON.stringify(asked)])
  if (status !== 0) throw new Error(`clients.py: ${stderr.slice(-3_000)}`)
  const found = JSON.parse(stdout) as Record<string, unknown>
  compare('build', String(found['build']).startsWith('wattline '), true)
  const pages = found['pages'] as readonly string[]
  compare('pages', found['short pages'], pages.slice(0, 3))
  const resource = found['resource'] as Record<string, unknown>
  compare('resource', [resource['id'], resource['type'], resource['project_id']], [VM, 'instance', PROJECT])
  compare('history', found['history'], 1)
  compare('search', [found['search'], found['search by text']], [[VM], [VM]])
  compare('root', found['root'], minutes(max, cpuAt))
  const rates = (found['rate'] as readonly (readonly unknown[])[]).map(([, , value]) => value)
  compare(
    'rate',
    rates,
    rates.map(() => 15_000_000_000),
  )
  compare(
    'aggregates',
    found['aggregates'],
    minutes(values => 2 * mean(values), memoryAt),
  )
  compare('aggregation', found['aggregation'], minutes(max, memoryAt))
  compare('errors', found['errors'], {
    metric: 'MetricNotFound',
    resource: 'ResourceNotFound',
    type: 'ResourceTypeNotFound',
    policy: 'ArchivePolicyNotFound',
    rule: 'ArchivePolicyRuleNotFound',
    write: 'NotImplemented',
    time: 'BadRequest',
  })
  const joules = (account: string): number =>
    Number(
      ledger
        .filter(row => row.account === account && row.vm !== '')
        .reduce((sum, { uj }) => sum + BigInt(uj), 0n),
    ) / 1e6
  compare('energy by project', found['grouped'], { [PROJECT]: [joules(PROJECT)], p2: [joules('p2')] })

  const cost = (rows: readonly LedgerRow[]): number =>
    Number(rows.reduce((sum, { nano }) => sum + BigInt(nano), 0n)) / 1e9
  const kwh = (rows: readonly LedgerRow[]): number =>
    Number(rows.reduce((sum, { uj }) => sum + BigInt(uj), 0n)) / 3.6e12
  const near = (value: unknown): string => Number(value).toPrecision(14)
  const accounts = [...Map.groupBy(ledger, ({ account }) => account)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const summary = found['summary'] as {
    readonly columns: unknown
    readonly results: readonly (readonly unknown[])[]
  }
  compare('summary, columns', summary.columns, ['begin', 'end', 'qty', 'rate', 'project_id', 'type'])
  compare(
    'summary',
    summary.results.map(([begin, end, qty, rate, ...group]) => [begin, end, near(qty), rate, ...group]),
    accounts.map(([account, rows]) => [
      isoAt(HOUR_S),
      isoAt(HOUR_S + 3_600),
      near(kwh(rows)),
      cost(rows),
      account,
      'energy',
    ]),
  )
  const objects = found['objects'] as { readonly results: readonly Record<string, unknown>[] }
  compare(
    'summary, objects',
    objects.results.map(row => [row['id'], row['rate']]),
    [...Map.groupBy(ledger, ({ vm }) => vm)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([vm, rows]) => [vm, cost(rows)]),
  )
  interface Point {
    readonly groupby: { readonly id: string }
    readonly rating: { readonly price: number }
  }
  const frames = found['dataframes'] as {
    readonly dataframes: readonly { readonly usage: { readonly energy: readonly Point[] } }[]
  }
  compare(
    'dataframes',
    frames.dataframes.flatMap(({ usage }) =>
      usage.energy.filter(({ groupby }) => groupby.id === VM).map(({ rating }) => rating.price),
    ),
    [cost(ledger.filter(({ vm }) => vm === VM))],
  )
  compare(
    'scopes',
    (found['scopes'] as string[]).toSorted(),
    accounts.map(([account]) => account),
  )
  compare('rating error', String(found['rating error']).includes('Cannot group by flavor'), true)

  compare('keystone', [found['keystone token'], found['keystone application']], [true, true])
  compare('keystone, addresses', found['keystone addresses'], [
    `${wattline.http}/gnocchi`,
    `${wattline.http}/cloudkitty`,
  ])
  compare('keystone, metrics', Number(found['keystone metrics']) > 0, true)
  compare('keystone, scopes', found['keystone scopes'], found['scopes'])
  compare('keystone, versions', found['keystone versions'], [[3, 14]])
  compare('keystone, wrong password', found['keystone wrong'], 'Unauthorized')

  const highest = max(TIMES.map(memoryAt))
  compare('observabilityclient', found['observability'], [[VM, String(highest)]])
  compare('observabilityclient, labels', found['observability labels'], [VM, OTHER_VM, 'cmp001'])
  compare('observabilityclient, series', found['observability series'], 2)
  const lastTwo = (minutes(max, memoryAt) as readonly (readonly unknown[])[])
    .slice(-2)
    .map(([, , value]) => value)
  compare('Aodh, rules of Gnocchi', found['aodh'], {
    GnocchiResourceThresholdEvaluator: lastTwo,
    GnocchiAggregationMetricsThresholdEvaluator: lastTwo,
    GnocchiAggregationResourcesThresholdEvaluator: lastTwo,
  })
  compare('Aodh, rules of Prometheus', found['aodh prometheus'], [highest])
  compare("CloudKitty's processor, by Prometheus", found['processor by prometheus'], [
    'memory_usage',
    [[highest, 'MB', PROJECT]],
  ])
  compare("CloudKitty's processor, by Gnocchi", found['processor by gnocchi'], [
    'memory.usage',
    [[highest, 'MB', PROJECT]],
  ])
}

/** As KEDA asks: a token from Keystone, whether it holds, the minute now, the last of the measures, the third of its fields. */
async function keda(wattline: WattlineProcess): Promise<void> {
  const at = Math.floor(Date.now() / 1000)
  await post(wattline, { ...samples[2]!, at, value: 77 })
  const tokens = `${wattline.http}/identity/v3/auth/tokens`
  const user = { id: 'any', password: TOKEN }
  const identity = { methods: ['password'], password: { user } }
  // Bytes, since KEDA names no media type.
  const body = new TextEncoder().encode(
    JSON.stringify({ auth: { identity, scope: { project: { id: '' } } } }),
  )
  const token = (await fetch(tokens, { method: 'POST', body })).headers.get('x-subject-token') ?? ''
  const holds = await fetch(tokens, {
    method: 'HEAD',
    headers: { 'x-auth-token': token, 'x-subject-token': token },
  })
  compare("KEDA's token", [token === TOKEN, holds.status], [true, 200])
  const start = `${new Date(at * 1000).toISOString().slice(0, 17)}00`
  const query = `aggregation=mean&granularity=60&start=${encodeURIComponent(start)}`
  const url = `${wattline.http}/gnocchi/v1/metric/${metricUuid(VM, 'memory.usage')}/measures?${query}`
  const last = await eventually(
    async () => {
      const answer = await fetch(url, { headers: { 'x-auth-token': token } })
      return ((await answer.json()) as readonly (readonly unknown[])[]).at(-1)
    },
    found => found !== undefined,
  )
  compare("KEDA's trigger", [last?.length, last?.[2]], [3, 77])
  const refused = await fetch(url, { headers: { 'x-auth-token': newToken() } })
  compare(
    "KEDA's trigger, wrong token",
    [refused.status, ((await refused.json()) as { code: number }).code],
    [401, 401],
  )
}

const folder = mkdtempSync(join(tmpdir(), 'wattline-openstack-'))
try {
  const bin = programs()
  const entry = (token: string, scopes: string): string =>
    `- {tenant: default, scopes: [${scopes}], sha256: "${tokenHash(token).toString('hex')}"}\n`
  writeFileSync(join(folder, 'tokens.yaml'), entry(TOKEN, 'read') + entry(INGEST, 'ingest'))
  writeFileSync(
    join(folder, 'wattline.yaml'),
    JSON.stringify({
      auth: { tokens_file: join(folder, 'tokens.yaml') },
      metering: { lateness: 2, idle_flush: 5, gap: 60 },
      factors: { zone: 'DE' },
      tariffs: { currency: 'EUR', price_per_kwh: '0.25' },
      workloads: { rules: [{ match: { project: '*' }, account: '${project}' }] },
    }),
  )
  const wattline = await startProcess({ data: folder })
  const ask = async <Row>(query: string): Promise<readonly Row[]> => {
    const answer = await fetch(`${wattline.http}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ query }),
    })
    return ((await answer.json()) as { readonly data: readonly Row[] }).data
  }
  try {
    await postHost(wattline)
    for (const sample of samples) await post(wattline, sample)
    await new Promise(resolve => setTimeout(resolve, 75_000))
    const ledger = await ask<LedgerRow>(
      'SELECT Account AS account, WorkloadId AS vm, toString(sum(EnergyUj)) AS uj, toString(sum(CostEnergyNano)) AS nano ' +
        `FROM ledger WHERE WindowStart >= toDateTime(${HOUR_S}, 'UTC') AND WindowStart < toDateTime(${HOUR_S + 3_600}, 'UTC') GROUP BY account, vm`,
    )
    compare(
      'ledger',
      ledger
        .filter(({ vm }) => vm !== '')
        .map(({ vm }) => vm)
        .toSorted(),
      [VM, OTHER_VM],
    )
    const ofVm = ledger.find(({ vm }) => vm === VM)
    compare('energy of the VM is known', Number(ofVm?.uj ?? 0) > 0 && Number(ofVm?.nano ?? 0) > 0, true)
    await commands(bin, wattline, ledger)
    await libraries(bin, wattline, ledger)
    await keda(wattline)
  } finally {
    await wattline.end('SIGTERM')
  }
} catch (error) {
  differences.push(`left out: ${(error as Error).stack}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
for (const difference of differences) console.log(difference)
console.log(`${compared} comparisons, ${differences.length} differences`)
process.exitCode = differences.length === 0 ? 0 : 1
