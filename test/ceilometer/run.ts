/**
 * `npm run test:ceilometer`: the real publisher of Ceilometer, from PyPI, posts samples to a Wattline process: metrics, readings and
 * books must hold each value. About two minutes after the first download. Exits 1 on any difference, and if Ceilometer cannot be
 * had here, which is said.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const CACHE = new URL('../../node_modules/.cache/wattline-ceilometer', import.meta.url).pathname
const RELEASE = 'ceilometer==27.0.0'
const SCRIPT = new URL('./publish.py', import.meta.url).pathname
const VM = '57f2d45e-8ddf-4338-91df-62d0044ff1b5'
const PROJECT = '894c48b5bc4247c3a1841e5ff43d0d88'
/** Publishing takes a process each time. */
const LONGEST_MS = 120_000

function run(command: string, parameters: readonly string[], timeout?: number): void {
  const environment = { ...process.env, TZ: 'UTC' }
  const { status, stderr, error } = spawnSync(command, parameters, {
    encoding: 'utf8',
    timeout,
    env: environment,
  })
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`)
}

/** Python with Ceilometer. @throws with the reason where it cannot be had here */
function python(): string {
  mkdirSync(CACHE, { recursive: true })
  const program = join(CACHE, 'venv/bin/python')
  if (existsSync(join(CACHE, 'complete'))) return program
  run('python3', ['-m', 'venv', join(CACHE, 'venv')])
  run(join(CACHE, 'venv/bin/pip'), ['install', '--quiet', RELEASE])
  writeFileSync(join(CACHE, 'complete'), RELEASE)
  return program
}

interface Sample {
  readonly name: string
  readonly type: 'gauge' | 'cumulative'
  readonly unit: string
  readonly volume: number
  readonly resource_id: string
  readonly timestamp: string
}

const startS = Math.floor(Date.now() / 60_000) * 60 - 600
const isoAt = (seconds: number): string =>
  new Date((startS + seconds) * 1000).toISOString().replace('.000Z', '')
const samplesAt = (seconds: number): readonly Sample[] => {
  const of = (name: string, type: Sample['type'], unit: string, volume: number, resource = VM): Sample => ({
    ...{ name, type, unit, volume, resource_id: resource },
    timestamp: isoAt(seconds),
  })
  return [
    of('hardware.ipmi.node.power', 'gauge', 'W', 212.5, 'cmp001'),
    of('cpu', 'cumulative', 'ns', 1_000_000_000 + seconds * 500_000_000),
    of('memory.usage', 'gauge', 'MB', 1024),
    of('vcpus', 'gauge', 'vcpu', 2),
  ]
}
const TIMES = [0, 30, 60, 90, 120, 150, 180]
const samples = TIMES.flatMap(samplesAt).map(one => ({ ...one, user_id: 'u1', project_id: PROJECT }))

const problems: string[] = []
const expectRows = (what: string, found: unknown, expected: unknown): void => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
  console.log(`${what}: ${a === b ? 'equal' : `${a}, expected ${b}`}`)
  if (a !== b) problems.push(what)
}

async function check(wattline: WattlineProcess): Promise<void> {
  const metrics = await wattline.sql<{ name: string; n: string; sum: number }>(
    `SELECT MetricName AS name, toString(count()) AS n, sum(Value) AS sum FROM (
SELECT MetricName, Value FROM otel_metrics_gauge UNION ALL SELECT MetricName, Value FROM otel_metrics_sum)
GROUP BY name ORDER BY name`,
  )
  const sumOf = (name: string): number =>
    samples.filter(one => one.name === name).reduce((sum, { volume }) => sum + volume, 0)
  const names = ['cpu', 'hardware.ipmi.node.power', 'memory.usage', 'vcpus']
  expectRows(
    'metrics',
    metrics,
    names.map(name => ({ name: name.replaceAll('.', '_'), n: String(TIMES.length), sum: sumOf(name) })),
  )
  const readings = await wattline.sql<{ at: number; line: string }>(
    `SELECT toFloat64(toUnixTimestamp(Timestamp) - ${startS}) AS at, concat(Host, ' ', Quantity, ' ', Domain, ' ', WorkloadKind, ' ', WorkloadId, ' ',
toString(Value), ' ', Attributes['project_id']) AS line FROM readings ORDER BY at, line`,
  )
  const expected = TIMES.flatMap(at =>
    [
      `cmp001 cpu_request current vm ${VM} 2000 ${PROJECT}`,
      `cmp001 cpu_time  vm ${VM} ${1_000_000 + at * 500_000} ${PROJECT}`,
      `cmp001 memory usage vm ${VM} 1073741824 ${PROJECT}`,
      'cmp001 power host   212500 ',
    ]
      .sort()
      .map(line => ({ at, line })),
  )
  expectRows('readings', readings, expected)
  const books = await wattline.sql<Record<string, unknown>>(
    `SELECT toFloat64(toUnixTimestamp(WindowStart) - ${startS}) AS at, toString(sum(EnergyUj)) AS uj, toString(sum(CpuUs)) AS us, maxIf(Account, WorkloadId != '') AS account
FROM ledger WHERE Host = 'cmp001' AND at < 180 GROUP BY at ORDER BY at`,
  )
  expectRows(
    'books',
    books,
    [0, 60, 120].map(at => ({ at, uj: '12750000000', us: '30000000', account: PROJECT })),
  )
}

const folder = mkdtempSync(join(tmpdir(), 'wattline-ceilometer-'))
try {
  const program = python()
  writeFileSync(
    join(folder, 'wattline.yaml'),
    JSON.stringify({
      metering: { lateness: 2, idle_flush: 5, gap: 60 },
      workloads: { rules: [{ match: { project: '*' }, account: '${project}' }] },
    }),
  )
  const wattline = await startProcess({ data: folder })
  try {
    const url = `${wattline.otlp.replace('http', 'opentelemetryhttp')}/ceilometer/v1/metrics?host=cmp001`
    run(program, [SCRIPT, url, JSON.stringify(samples)], LONGEST_MS)
    await new Promise(resolve => setTimeout(resolve, 75_000))
    await check(wattline)
  } finally {
    await wattline.end('SIGTERM')
  }
} catch (error) {
  problems.push(`left out: ${(error as Error).message}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
for (const problem of problems) console.log(problem)
console.log(
  problems.length === 0 ? 'Tables and books hold what Ceilometer sent.' : `${problems.length} problems`,
)
process.exitCode = problems.length === 0 ? 0 : 1
