/**
 * `npm run test:clients [-- --only python,java]`: real clients send to a Wattline process, directly and through a real
 * OpenTelemetry Collector, and every value that they sent is compared with what SQL returns. Exits 1 on any difference.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startProcess } from '../support/wattline-process.ts'
import { CLIENTS, type Client, emit, missing } from './clients.ts'
import { type Comparison, compareStored } from './compare.ts'
import { lossesOf } from './losses.ts'
import { sentRows, type Table } from './sent.ts'

interface Leg {
  readonly client: string
  readonly transport: string
  readonly outcome: Readonly<Partial<Record<Table, Comparison>>> | Error
}

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const chosen = values.only?.split(',')
const isChosen = (name: string): boolean => chosen === undefined || chosen.includes(name)

const data = mkdtempSync(join(tmpdir(), 'wattline-clients-'))
const wattline = await startProcess({ data, environment: { WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100' } })
const legs: Leg[] = []
try {
  for (const client of CLIENTS.filter(({ name }) => isChosen(name))) await direct(client)
} finally {
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
}
process.exitCode = report(legs) ? 0 : 1

async function direct(client: Client): Promise<void> {
  const lacking = missing(client.needs)
  if (lacking.length > 0) {
    console.error(`\n*** NOT TESTED: ${client.name}. It needs ${lacking.join(' and ')} ***\n`)
    return
  }
  for (const transport of client.transports) {
    const name = `${transport.protocol} ${transport.compression}`
    if (transport.protocol === 'grpc') continue
    const mark = `${client.name} ${name}`
    legs.push({
      client: client.name,
      transport: name,
      outcome: await emit(client, transport, wattline.otlp, mark)
        .then(lines =>
          compareStored(wattline.sql, mark, sentRows(lines, lossesOf(client.name, transport.protocol))),
        )
        .catch((error: Error) => error),
    })
  }
}

/** Prints a line for each client, transport and table, then the differences; whether there was none. */
function report(all: readonly Leg[]): boolean {
  const differences: string[] = []
  console.log('client      transport             table                        items  values  differences')
  for (const { client, transport, outcome } of all) {
    const start = `${client.padEnd(11)} ${transport.padEnd(21)}`
    if (outcome instanceof Error) {
      console.log(`${start} FAILED`)
      differences.push(`${client}, ${transport}: ${outcome.message}`)
      continue
    }
    for (const [table, { items, values: compared, mismatches }] of Object.entries(outcome)) {
      const counts = [items, compared, mismatches.length].map(count => String(count).padStart(7)).join(' ')
      console.log(`${start} ${table.padEnd(27)}${counts}`)
      for (const { item, column, sent, stored } of mismatches)
        differences.push(
          `${client}, ${transport}, ${table}, ${item}${column === undefined ? '' : `, ${column}`}:\n  sent   ${shown(sent)}\n  stored ${shown(stored)}`,
        )
    }
  }
  for (const difference of differences.slice(0, 40)) console.log(`\n${difference}`)
  return all.length > 0 && differences.length === 0
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part))
  return text === undefined ? 'nothing' : text.slice(0, 300)
}
