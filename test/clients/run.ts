/**
 * `npm run test:clients [-- --only python,java]`: real clients send to a Wattline process, directly and through a real
 * OpenTelemetry Collector, and every value they sent is compared with the result of SQL. Exits 1 on any difference.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from '../support/arguments.ts'
import { startProcess } from '../support/wattline-process.ts'
import { CLIENTS } from './clients.ts'
import { type Leg, report } from './leg.ts'
import { prometheus } from './prometheus.ts'
import { prometheus3, prometheusNative } from './prometheus-wire.ts'
import { readers, storeSpans } from './readers.ts'
import { direct, throughCollector } from './sdk.ts'
import { sqlClients } from './sql/sql-clients.ts'
import { telemetrygen } from './telemetrygen.ts'

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const chosen = values.only?.split(',')
const isChosen = (name: string): boolean => chosen === undefined || chosen.includes(name)

const data = mkdtempSync(join(tmpdir(), 'wattline-clients-'))
const wattline = await startProcess({ data, environment: { WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100' } })
const legs: Leg[] = []
try {
  for (const client of CLIENTS.filter(({ name }) => isChosen(name)))
    legs.push(...(await direct(client, wattline)))
  if (isChosen('collector')) legs.push(...(await throughCollector(CLIENTS, wattline)))
  if (isChosen('prometheus'))
    legs.push(...(await prometheus(wattline)), ...(await prometheusNative(wattline)))
  if (isChosen('prometheus3')) legs.push(...(await prometheus3(wattline)))
  if (isChosen('readers') || isChosen('sql')) {
    const spans = await storeSpans(wattline)
    if (isChosen('readers')) legs.push(...(await readers(wattline, spans)))
    if (isChosen('sql')) legs.push(...(await sqlClients(wattline, spans)))
  }
  if (isChosen('telemetrygen')) legs.push(...(await telemetrygen(wattline)))
} finally {
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
}
process.exitCode = report(legs) ? 0 : 1
