/** The single process for all cases: each case has its own hosts, services and jobs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Exporter, startExporter } from '../support/exporter.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import type { ReadyCase } from './case.ts'

export interface Stage {
  readonly http: string
  readonly otlp: string
  /** When the process was started: scrapes began then. */
  readonly startedMs: number
  close(): Promise<void>
}

/** Assumptions of the cases: a price of 0.25 EUR, 0.10 from two to three o'clock in Berlin, a PUE of 1.2. */
const ENVIRONMENT = {
  WATTLINE_FACTORS_PUE: '1.2',
  WATTLINE_TARIFFS_PRICE_PER_KWH: '0.25',
  WATTLINE_TARIFFS_CURRENCY: 'EUR',
  WATTLINE_TARIFFS_TIME_ZONE: 'Europe/Berlin',
  WATTLINE_TARIFFS_BANDS: '[{from: "02:00", to: "03:00", price_per_kwh: "0.10"}]',
  // Cases with old dates must not be removed by retention while they are checked.
  WATTLINE_RETENTION_SIGNALS_DAYS: '1000',
  WATTLINE_RETENTION_LEDGER_DAYS: '1000',
}

/** Starts a process that scrapes the targets of the cases every 3 s. */
export async function openStage(cases: readonly ReadyCase[]): Promise<Stage> {
  const data = mkdtempSync(join(tmpdir(), 'wattline-cases-'))
  const exporters: Exporter[] = []
  let wattline: WattlineProcess | undefined
  const close = async (): Promise<void> => {
    await wattline?.end('SIGTERM')
    await Promise.all(exporters.map(exporter => exporter.close()))
    rmSync(data, { recursive: true, force: true })
  }
  try {
    const jobs: object[] = []
    for (const { id, scrape } of cases) {
      if (scrape === undefined) continue
      const exporter = await startExporter()
      exporters.push(exporter)
      exporter.answer({ body: scrape.text, type: scrape.content_type })
      const targets = [exporter.address]
      jobs.push({ job_name: id, scrape_interval: 3, static_configs: [{ targets }] })
    }
    const startedMs = Date.now()
    const environment = { ...ENVIRONMENT, WATTLINE_SCRAPE_JOBS: JSON.stringify(jobs) }
    wattline = await startProcess({ data, environment })
    return { http: wattline.http, otlp: wattline.otlp, startedMs, close }
  } catch (error) {
    await close()
    throw error
  }
}
