/**
 * A ledger of a month for benches of restating. One hour of it is rated by the product, entry by entry, and stored like every record;
 * the engine repeats this hour through the month, in the order of the table, so that nothing has to be sorted or merged.
 */
import { createHash } from 'node:crypto'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { ledger } from '../../../core/model/streams/index.ts'
import type { EnergyRow, LedgerRow } from '../../../core/model/streams/ledger.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import { energyRow } from '../../processors/rate/energy-row.ts'
import { rateRows } from '../../processors/rate/rate-rows.ts'
import { seededRandom } from '../../support/random.ts'

export interface Month {
  /** Of the zone that is revised, and of another one. */
  readonly hosts: number
  readonly otherHosts: number
  readonly workloads: number
  readonly hours: number
  /** Its first second, unix. */
  readonly start: number
}

/** Zone whose intensity is revised, and one that must not change. */
export const [ZONE, OTHER_ZONE] = ['DE', 'FR'] as const
export const PUE = '1.25'
const ACCOUNTS = 20

/** What the entries were rated by. */
export const CONFIG = {
  factors: { zone: ZONE, pue: PUE, intensity_g_per_kwh: '300', embodied_kg: '1200' },
  tariffs: { price_per_kwh: '0.25', price_per_vcpu_hour: '0.02' },
  workloads: { rules: [{ match: {}, account: '${namespace}' }] },
}

const MINUTES = 60
/** What differs from minute to minute; all else holds for the workload. */
const VARYING = [
  'EnergyUj',
  'CpuUs',
  'CarbonOperationalUg',
  'CarbonEmbodiedUg',
  'CostEnergyNano',
  'CostResourceNano',
] as const
/** Entries of one INSERT: the engine holds them in memory, and makes one part of them. */
const TOGETHER = 1_000_000

type Tables = Pick<Warehouse, 'insert' | 'query' | 'statements'>

export const entriesOf = ({ hosts, otherHosts, workloads, hours }: Month): number =>
  (hosts + otherHosts) * (workloads + 2) * hours * MINUTES

/** Fills the ledger, which is empty. */
export async function fillMonth(
  tables: Tables,
  month: Month,
  note: (entries: number) => void,
): Promise<void> {
  const { statements } = tables
  if (statements === undefined) throw new Error('the engine takes no statements')
  const minutes = month.hours * MINUTES
  await rateAnHour(tables, month)
  const constant = ledger.columns
    .map(({ name }) => name)
    .filter(name => !['WindowStart', 'EntryId', ...VARYING].includes(name))
  const table = 'wattline.bench_hour'
  const of = constant.map(name => (KEYS.includes(name) ? name : `any(${name}) AS ${name}`))
  const values = VARYING.map(name => `groupArray(assumeNotNull(${name})) AS ${name}s`)
  await statements.run(
    `CREATE TABLE ${table} ENGINE = Memory AS SELECT rowNumberInAllBlocks() AS Number, * FROM (
       SELECT ${[...of, ...values].join(', ')} FROM (SELECT * FROM wattline.ledger ORDER BY WindowStart)
       GROUP BY ${KEYS.join(', ')} ORDER BY ${KEYS.join(', ')})`,
  )
  await statements.run('TRUNCATE TABLE wattline.ledger')
  const things = (month.hosts + month.otherHosts) * (month.workloads + 2)
  const step = Math.max(1, Math.floor(TOGETHER / minutes))
  const names = constant.join(', ')
  const arrays = VARYING.map(name => `arrayFlatten(arrayWithConstant(${month.hours}, ${name}s)) AS ${name}m`)
  for (let from = 0; from < things; from += step) {
    await statements.run(
      `INSERT INTO wattline.ledger (${names}, WindowStart, EntryId, ${VARYING.join(', ')})
       SELECT ${names}, toDateTime(${month.start} + 60 * Minute, 'UTC'), lower(hex(sipHash128(Number, Minute))), ${VARYING.map(name => `${name}v`).join(', ')}
       FROM (SELECT *, range(${minutes}) AS Minutes, ${arrays.join(', ')} FROM ${table} WHERE Number >= ${from} AND Number < ${from + step})
       ARRAY JOIN Minutes AS Minute, ${VARYING.map(name => `${name}m AS ${name}v`).join(', ')}
       SETTINGS max_threads = 1, max_insert_threads = 1, max_block_size = ${step}, min_insert_block_size_rows = ${TOGETHER},
         min_insert_block_size_bytes = 0, deduplicate_insert_select = 'disable'`,
    )
    note(Math.min(things, from + step) * minutes)
  }
  await statements.run(`DROP TABLE ${table}`)
}

/** What tells the things apart that have an entry a minute: first what the table is ordered by. */
const KEYS: readonly string[] = [
  ...ledger.table.orderBy.filter(name => name !== 'WindowStart'),
  'Component',
  'Share',
]

async function rateAnHour(tables: Tables, month: Month): Promise<void> {
  const rate = createRate(configSchema.parse(CONFIG))
  const random = seededRandom(1)
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const rows = Array.from({ length: month.hosts + month.otherHosts }, (_, host) =>
      minuteOf(month, host, random).map(row => ({ ...row, WindowStart: month.start + 60 * minute })),
    ).flat()
    const entries: LedgerRow[] = rateRows(rate, rows)
    await tables.insert(ledger, encodeRows(ledger, entries), `bench/${month.start}/${minute}`)
  }
}

/** Energy of a host's workloads, of no known one, and idle. */
function minuteOf({ hosts, workloads }: Month, host: number, random: () => number): EnergyRow[] {
  const name = createHash('sha256').update(`host ${host}`).digest('hex').slice(0, 8)
  const ofHost = {
    Host: `host-${name}`,
    HostName: `host-${name}`,
    Zone: host < hosts ? ZONE : OTHER_ZONE,
    Labels: { node: `host-${name}` },
  }
  const energyUj = (): bigint => BigInt(1 + Math.floor(random() * 150e6))
  const used = Array.from({ length: workloads }, (_, at) => {
    const id = createHash('sha256').update(`${host} ${at}`).digest('hex')
    const CpuUs = BigInt(Math.floor(random() * 60e6))
    return energyRow({
      ...ofHost,
      WorkloadId: id,
      WorkloadName: `workload-${at}`,
      Namespace: `team-${at % ACCOUNTS}`,
      EnergyUj: energyUj(),
      CpuUs,
    })
  })
  const rest = (['idle', 'unattributed'] as const).map(Share =>
    energyRow({
      ...ofHost,
      ...{ WorkloadKind: '', WorkloadId: '', WorkloadName: '', Share, EnergyUj: energyUj(), CpuUs: 0n },
    }),
  )
  return [...used, ...rest]
}
