/**
 * Guarantees: what Debian's Prometheus scraped and sent by remote write is what SQL returns, sample by sample, with exemplars and the
 * end of a series; and what it scraped from Kepler becomes readings, to the microjoule.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPENMETRICS, startExporter } from '../support/exporter.ts'
import { kepler } from '../support/expositions.ts'
import { eventually, startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { isEquipped } from './leg.ts'
import { NEEDS, prometheus } from './prometheus.ts'
import { startPrometheus } from './prometheus-process.ts'

describe.runIf(isEquipped('remote write by Prometheus', NEEDS))('Prometheus', () => {
  const data = mkdtempSync(join(tmpdir(), 'wattline-prometheus-'))
  let wattline: WattlineProcess
  beforeAll(async () => {
    wattline = await startProcess({ data, environment: { WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '200' } })
  })
  afterAll(async () => {
    await wattline.end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  })

  it('has stored what it sent, value by value', { timeout: 60_000 }, async () => {
    const legs = await prometheus(wattline)
    expect(legs.map(({ transport }) => transport)).toEqual([
      'remote write 1.0',
      'remote write 1.0 exemplars',
      'remote write 1.0 end of a series',
    ])
    for (const { outcome } of legs) {
      if (outcome instanceof Error) throw outcome
      expect(Object.values(outcome).flatMap(({ mismatches }) => mismatches)).toEqual([])
      for (const { items } of Object.values(outcome)) expect(items).toBeGreaterThan(0)
    }
  })

  it('makes readings of what Kepler measured', { timeout: 60_000 }, async () => {
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
})
