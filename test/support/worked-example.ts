/**
 * The worked example of docs/walkthrough-watt.md, and a case that does not divide evenly, sent as OTLP to a process:
 * the same numbers for every log.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { counterJson, metricsJson } from './otlp.ts'
import { eventually } from './until.ts'
import { type StartOptions, startProcess, type WattlineProcess } from './wattline-process.ts'

const EXAMPLE_SETTINGS = {
  WATTLINE_FACTORS_PUE: '1.2',
  WATTLINE_FACTORS_INTENSITY_G_PER_KWH: '300',
  WATTLINE_FACTORS_INTENSITY_SOURCE: 'worked example',
  WATTLINE_TARIFFS_PRICE_PER_KWH: '0.25',
  WATTLINE_METERING_IDLE_FLUSH: '2',
  WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100',
}

const at = (time: string): string => `${BigInt(Date.parse(`2026-11-20T${time}Z`)) * 1_000_000n}`

interface Case {
  readonly host: string
  readonly energyUj: readonly [bigint, bigint]
  readonly busySeconds: number
  readonly capacitySeconds: number
  readonly workloads: Readonly<Record<string, number>>
}

/** Two samples a minute apart: hw.energy in joules, system.cpu.time by mode, container.cpu.time by container. */
function requestsOf(test: Case): unknown[] {
  const [start, end] = [at('12:00:00'), at('12:01:00')]
  const joules = (uj: bigint): number => Number(uj) / 1e6
  const counter = (
    name: string,
    unit: string,
    from: number,
    to: number,
    attributes: Record<string, string> = {},
  ) =>
    counterJson(name, unit, [
      { timeUnixNano: start, asDouble: from, attributes },
      { timeUnixNano: end, asDouble: to, attributes },
    ])
  const host = { 'host.id': test.host, 'host.name': test.host }
  const requests = [
    metricsJson(host, [
      counter('hw.energy', 'J', joules(test.energyUj[0]), joules(test.energyUj[1]), {
        'hw.type': 'cpu',
        'hw.id': '0',
      }),
      counter('system.cpu.time', 's', 1000, 1000 + test.busySeconds, { 'cpu.mode': 'user' }),
      counter('system.cpu.time', 's', 5000, 5000 + test.capacitySeconds - test.busySeconds, {
        'cpu.mode': 'idle',
      }),
    ]),
  ]
  for (const [id, seconds] of Object.entries(test.workloads)) {
    requests.push(
      metricsJson({ ...host, 'container.id': id, 'container.name': id }, [
        counter('container.cpu.time', 's', 10, 10 + seconds),
      ]),
    )
  }
  return requests
}

/** Sends one request for metrics, as OTLP/JSON, and checks that all of it is accepted. */
export type Send = (wattline: WattlineProcess, request: unknown) => Promise<void>

const sendHttp: Send = async (wattline, request) => {
  const response = await fetch(`${wattline.otlp}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  expect([response.status, await response.text()]).toEqual([200, '{}'])
}

interface LedgerRow {
  readonly WorkloadId: string
  readonly Share: string
  readonly energy: string
  readonly carbon: string
  readonly cost: string
  readonly coverage: number
}

const ledgerOf = (wattline: WattlineProcess, host: string) =>
  wattline.sql<LedgerRow>(
    `SELECT WorkloadId, Share, toString(EnergyUj) AS energy, toString(CarbonOperationalUg) AS carbon,
       toString(CostEnergyNano) AS cost, Coverage AS coverage
     FROM ledger WHERE Host = '${host}' ORDER BY Share, WorkloadId`,
  )

async function expectLedger(
  wattline: WattlineProcess,
  test: Case,
  expected: readonly (readonly string[])[],
): Promise<void> {
  const rows = await eventually(
    () => ledgerOf(wattline, test.host),
    found => found.length >= expected.length,
  )
  expect(
    rows.map(({ WorkloadId, Share, energy, carbon, cost }) => [Share, WorkloadId, energy, carbon, cost]),
  ).toEqual(expected)
  expect(rows.every(({ coverage }) => coverage === 1)).toBe(true)
}

/** Sends the worked example as a separate host, and finds its numbers in the ledger. */
export async function expectWorkedExample(
  wattline: WattlineProcess,
  host: string,
  send: Send = sendHttp,
): Promise<void> {
  const test = { ...WORKED, host }
  for (const request of requestsOf(test)) await send(wattline, request)
  await expectLedger(wattline, test, WORKED_LEDGER)
}

const WORKED: Case = {
  host: 'example',
  energyUj: [1_000_000_000n, 4_600_000_000n],
  busySeconds: 120,
  capacitySeconds: 480,
  workloads: { A: 60, B: 30 },
}

// Columns: share, workload, µJ, µgCO2e, nano-EUR. PUE 1.2, 300 g/kWh, 0.25 EUR/kWh.
const WORKED_LEDGER = [
  ['active', 'A', '450000000', '45000', '37500'],
  ['active', 'B', '225000000', '22500', '18750'],
  ['idle', '', '2700000000', '270000', '225000'],
  ['unattributed', '', '225000000', '22500', '18750'],
]

/**
 * Declares the tests; `more` gives the settings of the log, once it exists, and `start` starts what accepts OTLP and
 * answers SQL, as one process or as several.
 */
export function workedExample(
  more: () => Readonly<Record<string, string>> = () => ({}),
  start: (options: StartOptions) => Promise<WattlineProcess> = startProcess,
): () => WattlineProcess {
  const data = mkdtempSync(join(tmpdir(), 'wattline-example-'))
  let wattline: WattlineProcess

  beforeAll(async () => {
    wattline = await start({ data, environment: { ...EXAMPLE_SETTINGS, ...more() } })
  })
  afterAll(async () => {
    await wattline.end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  })

  it('gives exactly the numbers of the worked example', async () => {
    await expectWorkedExample(wattline, WORKED.host)
  })

  it('gives the same when each sample is sent twice', async () => {
    const twice = { ...WORKED, host: 'example-twice' }
    for (const request of requestsOf(twice)) {
      await sendHttp(wattline, request)
      await sendHttp(wattline, request)
    }
    await expectLedger(wattline, twice, WORKED_LEDGER)
  })

  it('loses no microjoule when nothing divides evenly', async () => {
    const uneven: Case = {
      host: 'uneven',
      energyUj: [0n, 1_000_000_007n],
      busySeconds: 7,
      capacitySeconds: 420,
      workloads: { A: 3, B: 1 },
    }
    for (const request of requestsOf(uneven)) await sendHttp(wattline, request)
    // Active and idle by largest remainder of 7 : 413, then 3 : 1 : 3 of the active part.
    await expectLedger(wattline, uneven, [
      ['active', 'A', '7142857', '714', '595'],
      ['active', 'B', '2380953', '238', '198'],
      ['idle', '', '983333340', '98333', '81944'],
      ['unattributed', '', '7142857', '714', '595'],
    ])
  })

  it('has equal sums in hours and days', async () => {
    const sums = await wattline.sql<{ minutes: string; hours: string; days: string }>(
      `SELECT (SELECT toString(sum(EnergyUj)) FROM ledger) AS minutes,
       (SELECT toString(sum(EnergyUj)) FROM usage_hourly) AS hours,
       (SELECT toString(sum(EnergyUj)) FROM usage_daily) AS days`,
    )
    expect(sums).toEqual([{ minutes: '8200000007', hours: '8200000007', days: '8200000007' }])
  })

  return () => wattline
}
