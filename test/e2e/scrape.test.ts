// Guarantees: a process scrapes its own pages and exporters named in a file, follows the file, and the values of
// exporters become readings and ledger entries, to the microjoule; series of a removed target end.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Exporter, startExporter } from '../support/exporter.ts'
import { cadvisor, dcgm, kepler, nodeExporter } from '../support/expositions.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const STEP_MS = 20_000
const data = mkdtempSync(join(tmpdir(), 'wattline-scrape-'))
const exporters: Exporter[] = []
let wattline: WattlineProcess
let startMs = 0

async function exporterOf(answer: Parameters<Exporter['answer']>[0]): Promise<Exporter> {
  const exporter = await startExporter()
  exporter.answer(answer)
  exporters.push(exporter)
  return exporter
}

interface Group {
  readonly targets: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
}

function writeTargets(groups: readonly Group[]): void {
  writeFileSync(join(data, 'new.tmp'), JSON.stringify(groups))
  renameSync(join(data, 'new.tmp'), join(data, 'targets.json'))
}

beforeAll(async () => {
  const job = {
    job_name: 'exporters',
    scrape_interval: '1s',
    file_sd_configs: [{ files: [join(data, 'targets*.json')], refresh_interval: 0.2 }],
    metric_relabel_configs: [{ action: 'drop', source_labels: ['__name__'], regex: 'go_.*' }],
  }
  wattline = await startProcess({
    data,
    environment: {
      WATTLINE_SCRAPE_JOBS: JSON.stringify([job]),
      WATTLINE_METERING_LATENESS: '1',
      WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '200',
    },
  })
  // A meter with a clock in the past, twenty times as fast: minutes close within seconds.
  startMs = Math.floor(Date.now() / 60_000 - 30) * 60_000
  const node = await exporterOf(() => {
    const step = node.requests.length - 1
    const meters = {
      joules: 5_000 + step * 1_000,
      cpuSeconds: 700 + step * 4,
      timeMs: startMs + step * STEP_MS,
    }
    return { body: nodeExporter(meters) }
  })
  const others = [
    await exporterOf({ body: kepler }),
    await exporterOf({ body: dcgm, gzip: true }),
    await exporterOf(() => ({ body: cadvisor(Date.now()) })),
  ]
  writeTargets([
    { targets: [wattline.http.replace('http://', '')], labels: { instance: 'itself' } },
    { targets: [node.address], labels: { instance: 'host-7:9100' } },
    { targets: others.map(({ address }) => address) },
  ])
})

afterAll(async () => {
  await wattline.end('SIGTERM')
  await Promise.all(exporters.map(exporter => exporter.close()))
  rmSync(data, { recursive: true, force: true })
})

it('scrapes its own pages', async () => {
  const rows = await eventually(
    () =>
      wattline.sql<{ name: string; id: string; monotonic: boolean }>(
        `SELECT DISTINCT MetricName AS name, ResourceAttributes['service.instance.id'] AS id, IsMonotonic AS monotonic
         FROM otel_metrics_sum WHERE ServiceName = 'exporters' AND MetricName = 'process_cpu_seconds_total'`,
      ),
    found => found.length > 0,
  )
  expect(rows).toMatchObject([{ id: 'itself', monotonic: true }])
  // A target that answers too late once, on a busy machine, is down for that scrape.
  const down = await eventually(
    () =>
      wattline.sql(
        `SELECT ResourceAttributes['service.instance.id'] AS id FROM otel_metrics_gauge
         WHERE MetricName = 'up' AND Flags = 0 GROUP BY id HAVING max(Value) < 1`,
      ),
    found => found.length === 0,
  )
  expect(down).toEqual([])
  const dropped = await wattline.sql(`SELECT 1 FROM otel_metrics_gauge WHERE MetricName LIKE 'go_%' LIMIT 1`)
  expect(dropped).toEqual([])
})

it('recognises readings of exporters', async () => {
  const rows = await eventually(
    () =>
      wattline.sql<Record<string, string>>(
        `SELECT DISTINCT Host, Quantity, Domain, Source, WorkloadKind, if(Host = 'host-7', '', toString(Value)) AS Amount
         FROM readings WHERE Source LIKE '%:%' AND Source NOT LIKE '%container%' ORDER BY Host, Source, Domain`,
      ),
    found => found.length >= 7,
  )
  const shown = rows.map(row => Object.values(row).join(' '))
  expect(shown).toEqual([
    'gpu-1 power gpu-GPU-4c1e dcgm:DCGM_FI_DEV_POWER_USAGE  312500',
    'gpu-1 energy gpu-GPU-4c1e dcgm:DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION  81234567000',
    'host-7 cpu_time idle node_exporter:node_cpu_seconds_total  ',
    'host-7 cpu_time user node_exporter:node_cpu_seconds_total  ',
    'host-7 energy package-0 node_exporter:node_rapl_package_joules_total  ',
    'worker-3 energy package-0 kepler:kepler_node_cpu_joules_total  1042750000',
    'worker-3 cpu_time  kepler:kepler_process_cpu_seconds_total process 12500000',
  ])
  const containers = await eventually(
    () =>
      wattline.sql<{ Value: string; pod: string }>(
        `SELECT DISTINCT toString(Value) AS Value, Attributes['k8s.pod.name'] AS pod
         FROM readings WHERE Source = 'cadvisor:container_cpu_usage_seconds_total'`,
      ),
    found => found.length > 0,
  )
  expect(containers).toEqual([{ Value: '33250000', pod: 'api-0' }])
})

it('books the energy of whole minutes', { timeout: 120_000 }, async () => {
  const rows = await eventually(
    () =>
      wattline.sql<{ energy: string }>(
        `SELECT toString(sum(EnergyUj)) AS energy FROM ledger
         WHERE Host = 'host-7' AND WindowStart > toDateTime(${startMs / 1000}) GROUP BY WindowStart ORDER BY WindowStart`,
      ),
    found => found.length >= 2,
    100_000,
  )
  // Three steps of 1,000 J per minute.
  for (const { energy } of rows) expect(energy).toBe('3000000000')
})

it('ends the series of a target that is removed from the file', async () => {
  writeTargets([{ targets: [wattline.http.replace('http://', '')], labels: { instance: 'itself' } }])
  const rows = await eventually(
    () =>
      wattline.sql<{ name: string }>(
        `SELECT DISTINCT MetricName AS name FROM otel_metrics_gauge
         WHERE Flags = 1 AND ResourceAttributes['service.instance.id'] = 'host-7:9100' ORDER BY name`,
      ),
    found => found.length >= 5,
  )
  expect(rows.map(({ name }) => name)).toEqual([
    'node_scrape_collector_success',
    'scrape_duration_seconds',
    'scrape_samples_post_metric_relabeling',
    'scrape_samples_scraped',
    'up',
  ])
})
