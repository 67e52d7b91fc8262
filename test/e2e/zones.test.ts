// Guarantees: hosts whose OTLP metrics name a cloud region are rated with the intensity of that region's zone, to the
// microgram, several zones in one instance; a configured site has priority, and a host without a region is in
// `factors.zone`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { counterJson, metricsJson } from '../support/otlp.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const at = (time: string): string => `${BigInt(Date.parse(`2026-11-20T${time}Z`)) * 1_000_000n}`
const data = mkdtempSync(join(tmpdir(), 'wattline-zones-'))
let wattline: WattlineProcess

beforeAll(async () => {
  writeFileSync(join(data, 'wattline.yaml'), 'sites: [{name: lab, hosts: ["lab-*"], zone: GB}]\n')
  wattline = await startProcess({
    data,
    environment: {
      WATTLINE_FACTORS_ZONE: 'FR',
      WATTLINE_METERING_IDLE_FLUSH: '2',
      WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100',
    },
  })
})
afterAll(async () => {
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true })
})

/** 3.6 MJ, 1 kWh: so the grams equal the intensity. */
async function sendKilowattHour(host: string, resource: Readonly<Record<string, string>>): Promise<void> {
  const attributes = { 'hw.type': 'cpu', 'hw.id': '0' }
  const energy = counterJson('hw.energy', 'J', [
    { timeUnixNano: at('12:00:00'), asDouble: 0, attributes },
    { timeUnixNano: at('12:01:00'), asDouble: 3_600, attributes },
  ])
  const body = metricsJson({ 'host.id': host, 'host.name': host, ...resource }, [energy])
  const response = await fetch(`${wattline.otlp}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect([response.status, await response.text()]).toEqual([200, '{}'])
}

it('uses the zone of the cloud region', async () => {
  const aws = { 'cloud.provider': 'aws' }
  await sendKilowattHour('web-1', { ...aws, 'cloud.region': 'eu-central-1' })
  await sendKilowattHour('web-2', {
    ...aws,
    'cloud.region': 'eu-north-1',
    'cloud.availability_zone': 'eu-north-1a',
  })
  await sendKilowattHour('web-3', { 'wattline.zone': 'NO-NO2' })
  await sendKilowattHour('lab-1', { ...aws, 'cloud.region': 'eu-central-1' })
  await sendKilowattHour('web-4', {})
  const rows = await eventually(
    () =>
      wattline.sql<{ Host: string; Zone: string; state: string; ug: string }>(
        `SELECT Host, Zone, any(IntensityState) AS state, toString(sum(CarbonOperationalUg)) AS ug
         FROM ledger GROUP BY Host, Zone ORDER BY Host`,
      ),
    found => found.length === 5,
  )
  // 0.001 kWh by the yearly average of the country, in µg.
  expect(rows).toEqual([
    { Host: 'lab-1', Zone: 'GB', state: 'estimated', ug: '210900' },
    { Host: 'web-1', Zone: 'DE', state: 'estimated', ug: '344100' },
    { Host: 'web-2', Zone: 'SE-SE3', state: 'estimated', ug: '35800' },
    { Host: 'web-3', Zone: 'NO-NO2', state: 'estimated', ug: '30700' },
    { Host: 'web-4', Zone: 'FR', state: 'estimated', ug: '44200' },
  ])
})
