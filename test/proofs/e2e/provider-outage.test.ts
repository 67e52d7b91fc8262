// Guarantees: while a provider is away entries are rated by its last value, marked as an estimate; when it is back with final values
// the sums are what these give, to the microgram by fractions, and the differences are corrections beside the original entries.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { counterJson, metricsJson } from '../../support/otlp.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const SLOT_MS = 1_800_000
/** Begins two hours ago: known from the start. The one after it is measured only after the outage. */
const KNOWN = Math.floor(Date.now() / SLOT_MS) * SLOT_MS - 4 * SLOT_MS
const LATER = KNOWN + SLOT_MS
/** Energy of three minutes of the later half hour, µJ. */
const ENERGIES = [1_234_567_000n, 987_654_000n, 555_555_000n]

let slots: readonly unknown[] | null = null
let asked = 0
const slot = (from: number, actual: number) => {
  const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`
  return { from: time(from), to: time(from + SLOT_MS), intensity: { forecast: actual, actual, index: 'low' } }
}
const provider: Server = createServer((request, reply) => {
  asked += 1
  if (slots === null) return reply.writeHead(503, { 'retry-after': '0' }).end('down')
  return reply.end(JSON.stringify({ data: request.url?.endsWith('pt24h') ? slots : [] }))
})

const data = mkdtempSync(join(tmpdir(), 'wattline-outage-'))
let wattline: WattlineProcess

beforeAll(async () => {
  await new Promise<void>(resolve => provider.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
  const providers = [{ kind: 'uk_carbon_intensity', url, interval: 1 }]
  writeFileSync(
    join(data, 'wattline.yaml'),
    JSON.stringify({ factors: { zone: 'GB', pue: '1.37', providers } }),
  )
  slots = [slot(KNOWN, 213)]
  wattline = await startProcess({
    data,
    environment: { WATTLINE_METERING_LATENESS: '0', WATTLINE_METERING_IDLE_FLUSH: '2' },
  })
})
afterAll(async () => {
  await wattline.end('SIGTERM')
  provider.close()
  rmSync(data, { recursive: true })
})

/** Half to even, from the rule: energy x PUE x intensity, 3.6e12 µJ a kWh, 1e6 µg a gram. */
function micrograms(energyUj: bigint, grams: bigint): bigint {
  const [numerator, denominator] = [energyUj * 137n * grams, 100n * 3_600_000n]
  const [quotient, rest] = [numerator / denominator, numerator % denominator]
  const isUp = 2n * rest > denominator || (2n * rest === denominator && quotient % 2n === 1n)
  return isUp ? quotient + 1n : quotient
}
const sumAt = (grams: bigint): string => `${ENERGIES.reduce((sum, one) => sum + micrograms(one, grams), 0n)}`

async function sendEnergy(): Promise<void> {
  const attributes = { 'hw.type': 'cpu', 'hw.id': '0' }
  let total = 0n
  const points = [0n, ...ENERGIES].map((energy, minute) => {
    total += energy
    return {
      timeUnixNano: `${BigInt(LATER + minute * 60_000) * 1_000_000n}`,
      asDouble: Number(total) / 1e6,
      attributes,
    }
  })
  const response = await fetch(`${wattline.otlp}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(metricsJson({ 'host.id': 'h1' }, [counterJson('hw.energy', 'J', points)])),
  })
  expect([response.status, await response.text()]).toEqual([200, '{}'])
}

interface Sums {
  readonly EntryKind: string
  readonly state: string
  readonly ug: string
}
const sums = () =>
  wattline.sql<Sums>(
    `SELECT EntryKind, any(IntensityState) AS state, toString(sum(CarbonOperationalUg)) AS ug
     FROM ledger GROUP BY EntryKind ORDER BY EntryKind DESC`,
  )
const hasIntensity = async (source: string): Promise<boolean> => {
  const rows = await wattline.sql(
    `SELECT 1 FROM grid_intensity WHERE Zone = 'GB' AND startsWith(Source, '${source}') AND ValidTo > toDateTime(${LATER / 1000 + 180})`,
  )
  return rows.length > 0
}

it('rates by the last value during the outage, and restates by the final ones', {
  timeout: 120_000,
}, async () => {
  await eventually(() => hasIntensity('last known value'), Boolean)
  slots = null
  const before = asked
  await eventually(async () => asked > before, Boolean)
  await sendEnergy()
  const estimated = await eventually(sums, ([row]) => row?.ug === sumAt(213n))
  expect(estimated).toEqual([{ EntryKind: 'original', state: 'estimated', ug: sumAt(213n) }])

  slots = [slot(KNOWN, 213), slot(LATER, 341)]
  const restated = await eventually(sums, rows => rows.length === 2, 90_000)
  const difference = `${BigInt(sumAt(341n)) - BigInt(sumAt(213n))}`
  expect(restated).toEqual([
    { EntryKind: 'original', state: 'estimated', ug: sumAt(213n) },
    { EntryKind: 'correction', state: 'final', ug: difference },
  ])
})
