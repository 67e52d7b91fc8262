/**
 * Guarantees: what Debian's Prometheus scraped and sent by remote write is returned by SQL, value by value, with native
 * histograms, exemplars, ends of series, types, help and units; and what it scraped from Kepler becomes readings and
 * ledger entries, to the microjoule.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPENMETRICS, startExporter } from '../support/exporter.ts'
import { kepler } from '../support/expositions.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { isEquipped, type Leg } from './leg.ts'
import { NEEDS, prometheus } from './prometheus.ts'
import { startPrometheus } from './prometheus-process.ts'
import { prometheusNative } from './prometheus-wire.ts'

describe.runIf(isEquipped('remote write by Prometheus', NEEDS))('Prometheus', () => {
  const data = mkdtempSync(join(tmpdir(), 'wattline-prometheus-'))
  let wattline: WattlineProcess
  beforeAll(async () => {
    wattline = await startProcess({
      data,
      environment: { WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '200', WATTLINE_METERING_LATENESS: '1' },
    })
  })
  afterAll(async () => {
    await wattline.end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  })

  it('stores what it sent, value by value', { timeout: 60_000 }, async () => {
    const legs = await prometheus(wattline)
    expect(legs.map(({ transport }) => transport)).toEqual([
      'remote write 1.0',
      'remote write 1.0 exemplars',
      'remote write 1.0 end of a series',
    ])
    requireEqual(legs)
  })

  it('stores native histograms and metric metadata', { timeout: 60_000 }, async () => {
    const legs = await prometheusNative(wattline)
    expect(legs.length).toBe(3)
    requireEqual(legs)
  })

  it("recognises readings in Kepler's metrics", { timeout: 60_000 }, async () => {
    const exporter = await startExporter()
    exporter.answer({ body: `${kepler}# EOF\n`, type: OPENMETRICS })
    const port = Number(exporter.address.split(':')[1])
    const server = await startPrometheus(port, `${wattline.otlp}/api/v1/write`)
    try {
      const rows = await eventually(
        () =>
          wattline.sql<Record<string, string>>(
            `SELECT DISTINCT Host, Quantity, Domain, Source, WorkloadKind, toString(Value) AS Amount
             FROM readings WHERE Source LIKE 'kepler:%' ORDER BY Source`,
          ),
        found => found.length >= 2,
      )
      expect(rows.map(row => Object.values(row).join(' '))).toEqual([
        'worker-3 energy package-0 kepler:kepler_node_cpu_joules_total  1042750000',
        'worker-3 cpu_time  kepler:kepler_process_cpu_seconds_total process 12500000',
      ])
    } finally {
      await server.end()
      await exporter.close()
    }
  })

  it('books the energy that Kepler measured', { timeout: 90_000 }, async () => {
    const exporter = await startExporter()
    // A meter with a clock ahead, forty times as fast, by less than the ten minutes that Prometheus allows.
    const startMs = Math.ceil(Date.now() / 60_000) * 60_000
    exporter.answer(() => {
      const step = Math.min(exporter.requests.length - 1, 24)
      return { body: joules(5_000 + step * 1_000.5, startMs + step * 20_000) }
    })
    const server = await startPrometheus(
      Number(exporter.address.split(':')[1]),
      `${wattline.otlp}/api/v1/write`,
    )
    try {
      const windows = await eventually(
        () =>
          wattline.sql<{ energy: string }>(
            `SELECT toString(sum(EnergyUj)) AS energy FROM ledger
             WHERE Host = 'worker-8' GROUP BY WindowStart ORDER BY WindowStart`,
          ),
        found => found.length >= 5,
      )
      // Remote write starts with the scrapes after its start: the first window may be incomplete. Three steps per
      // minute.
      for (const { energy } of windows.slice(1, 5)) expect(energy).toBe('3001500000')
    } finally {
      await server.end()
      await exporter.close()
    }
  })
})

const joules = (value: number, timeMs: number): string => `# TYPE kepler_node_cpu_joules_total counter
kepler_node_cpu_joules_total{node_name="worker-8",path="/sys/class/powercap/intel-rapl:0",zone="package"} ${value} ${timeMs}
`

function requireEqual(legs: readonly Leg[]): void {
  for (const { outcome } of legs) {
    if (outcome instanceof Error) throw outcome
    expect(Object.values(outcome).flatMap(({ mismatches }) => mismatches)).toEqual([])
    for (const { items } of Object.values(outcome)) expect(items).toBeGreaterThan(0)
  }
}
