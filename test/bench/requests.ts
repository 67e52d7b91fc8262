/**
 * What sharing a minute's energy over its spans costs: CPU seconds per million spans, for the statement that makes the rows and
 * for the insert of what it made, the engine's peak memory, and the bytes that a row takes in the table.
 *
 *   UV_THREADPOOL_SIZE=32 node test/bench/requests.ts --spans 120000 --workloads 200 --spans-a-trace 6
 *
 * The engine writes spans and entries itself; that is not counted. The spans of a trace are of six services: each the child of
 * the one before it, as a request that is passed on.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { requestEnergy, requestMinutes, STREAMS } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { differencesStatement, receipts } from '../../processors/requests/statement.ts'
import { selectRecord } from '../../processors/restate/select-record.ts'
import { parseArgs } from '../support/arguments.ts'

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '120000' },
    workloads: { type: 'string', default: '200' },
    'spans-a-trace': { type: 'string', default: '6' },
    rounds: { type: 'string', default: '3' },
    parts: { type: 'string', default: '1' },
  },
})
const [spans, workloads, perTrace, rounds] = [
  Number(values.spans),
  Number(values.workloads),
  Number(values['spans-a-trace']),
  Number(values.rounds),
]
const MINUTE = Date.UTC(2026, 10, 20, 12) / 1000

const path = mkdtempSync(join(tmpdir(), 'wattline-requests-'))
const warehouse = await openEmbeddedWarehouse({
  path: join(path, 'warehouse'),
  maxMemoryBytes: 2_147_483_648,
  events: silentEvents,
})
await warehouse.migrate(STREAMS, { signalsDays: 10_000, ledgerDays: 10_000 })
const session = new Session(join(path, 'warehouse', 'engine'))
const trace = `intDiv(number, ${perTrace})`
const place = `number % ${perTrace}`
// Two minutes before and one after, so that what lies around the minute is read as it would be.
session.query(
  `INSERT INTO wattline.otel_traces (Tenant, Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName,
     ResourceAttributes, SpanAttributes, Duration, StatusCode)
   SELECT 'default', fromUnixTimestamp64Nano(toInt64(${MINUTE - 120}000000000 + cityHash64(${trace}, 2) % 240000000000 + ${place} * 1000000)),
     lower(hex(sipHash128(${trace}))), lower(hex(cityHash64(number, 3))),
     if(${place} = 0, '', lower(hex(cityHash64(number - 1, 3)))),
     concat('operation-', toString(${place}), '-', toString(cityHash64(${trace}, 5) % 20)), if(${place} % 2 = 0, 'Server', 'Client'),
     concat('service-', toString(${place})),
     map('service.name', concat('service-', toString(${place})), 'container.id', concat('w-', toString(cityHash64(${trace}, ${place}) % ${workloads})),
       'k8s.namespace.name', 'shop', 'k8s.pod.name', concat('p-', toString(cityHash64(${trace}, ${place}) % ${workloads})),
       'telemetry.sdk.language', 'nodejs', 'telemetry.sdk.name', 'opentelemetry', 'telemetry.sdk.version', '2.1.0',
       'host.name', concat('h-', toString(cityHash64(${trace}, ${place}) % 10))),
     map('http.request.method', 'GET', 'http.route', '/cart/{id}', 'url.path', concat('/cart/', toString(number)), 'http.response.status_code', '200'),
     (${perTrace} - ${place}) * 3000000 + cityHash64(number, 7) % 1000000, 'Unset'
   FROM numbers(${spans * 4}) SETTINGS max_threads = 1, max_insert_threads = 1, max_block_size = 32768, min_insert_block_size_rows = 32768`,
)
session.query(
  `INSERT INTO wattline.ledger (Tenant, Host, HostName, WindowStart, WorkloadKind, WorkloadId, WorkloadName, Namespace, Component, Share, EnergyUj,
     Coverage, EnergyQuality, EnergySource, Method, Account, Zone, Pue, CarbonOperationalUg, CarbonEmbodiedUg, CostEnergyNano,
     CostResourceNano, Currency, IntensityVersion, IntensityKind, IntensityState, EntryKind, EntryId)
   SELECT 'default', concat('h-', toString(intDiv(number, 2) % 10)) AS h, h, toDateTime(${MINUTE}), 'container', concat('w-', toString(intDiv(number, 2))), 'x',
     'shop', ['cpu', 'dram'][number % 2 + 1], 'active', 100000000 + cityHash64(number) % 50000000 AS e, 1, 'measured', 'bench', 'ratio', 'shop', 'DE', '1',
     intDiv(e * 300, 3600000), 12345, intDiv(e * 250, 3600), 98765, 'EUR', 'v', 'average', 'final', 'original', hex(cityHash64(number))
   FROM numbers(${workloads * 2})`,
)

const { statements } = warehouse
if (statements === undefined) throw new Error('the engine takes no statements')
const runs = { ...statements, run: async (sql: string) => void (await statements.query(sql)) }
const tables = {
  spans: 'wattline.otel_traces',
  ledger: 'wattline.ledger',
  requests: 'wattline.request_energy',
  minutes: 'wattline.request_minutes',
}
const folder = join(path, 'warehouse', 'incoming')
const parts = Number(values.parts)
const cpuSeconds = (from: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1e6
}

const found: { readonly share: number; readonly insert: number }[] = []
let rows = 0
for (let round = 0; round < rounds; round++) {
  await statements.query('TRUNCATE TABLE wattline.request_energy')
  rows = 0
  let cpu = process.cpuUsage()
  await selectRecord(
    runs,
    requestMinutes,
    receipts(tables, { minute: MINUTE, tenants: ['default'], parts: 1, part: 0 }),
    folder,
  )
  const records: Uint8Array[] = []
  for (let part = 0; part < parts; part++) {
    const made = await selectRecord(
      runs,
      requestEnergy,
      differencesStatement(
        tables,
        { minute: MINUTE, tenants: ['default'], parts, part },
        { isFirst: true, carriers: [] },
      ),
      folder,
    )
    if (made !== null) records.push(made.value)
    rows += made?.rows ?? 0
  }
  const share = cpuSeconds(cpu)
  cpu = process.cpuUsage()
  for (const [index, record] of records.entries())
    await warehouse.insert(requestEnergy, record, `requests/0/${round}-${index}`)
  found.push({ share, insert: cpuSeconds(cpu) })
}
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
const [counted] = await warehouse.query<{ n: string; energy: string; booked: string }>(
  `SELECT toString(sum(Spans)) AS n, toString(sum(EnergyUj)) AS energy,
     (SELECT toString(sum(EnergyUj)) FROM wattline.ledger) AS booked FROM wattline.request_energy`,
)
const ran = Number(counted!.n)
await statements.query('OPTIMIZE TABLE wattline.request_energy FINAL')
const [disk] = await warehouse.query<{ bytes: string; traces: string }>(
  `SELECT toString(sum(data_compressed_bytes)) AS bytes, (SELECT toString(sum(data_compressed_bytes) / sum(rows)) FROM system.parts
     WHERE table = 'otel_traces' AND active) AS traces FROM system.parts WHERE table = 'request_energy' AND active`,
)
const millions = ran / 1e6
console.log(`spans that ran        ${ran}, rows ${rows} (${(rows / ran).toFixed(2)} a span)`)
console.log(
  `conserved             ${counted!.energy === counted!.booked ? 'yes' : `NO: ${counted!.energy} of ${counted!.booked}`}`,
)
console.log(
  `share                 ${(median(found.map(one => one.share)) / millions).toFixed(2)} CPU s per million spans`,
)
console.log(
  `insert                ${(median(found.map(one => one.insert)) / millions).toFixed(2)} CPU s per million spans`,
)
console.log(
  `table                 ${(Number(disk!.bytes) / rows).toFixed(1)} bytes a row, ${(Number(disk!.bytes) / ran).toFixed(1)} a span; a span itself ${Number(disk!.traces).toFixed(1)}`,
)
console.log(`process               ${Math.round(process.memoryUsage().rss / 1e6)} MB resident`)
await warehouse.close()
rmSync(path, { recursive: true, force: true })
