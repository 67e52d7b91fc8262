/** Meter, rate, store and recompute over a real log and engine, fed with readings that arrive when they do. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Broker, RECORD_KIND } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { pueSchema } from '../../../core/catalogue/config/keys/factor-values.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { pueFactorsOf, putPue } from '../../../core/factors/hosts/pue.ts'
import { putIntensities } from '../../../core/factors/intensity-log.ts'
import { factorsOf, intensityValues } from '../../../core/factors/intensity-values.ts'
import { energy, factors, lateReadings, ledger, readings } from '../../../core/model/streams/index.ts'
import type { Runner } from '../../../processors/loop/runner.ts'
import { FLUSH_KIND } from '../../../processors/meter/processor.ts'
import { StateBudget } from '../../../processors/meter/state/budget.ts'
import { startProcessors, streamSettings } from '../../../processors/processors.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import { RECOMPUTE } from '../../../processors/recompute/processor.ts'
import { Recomputations } from '../../../processors/recompute/recomputations.ts'
import { RESTATE } from '../../../processors/restate/processor.ts'
import { RowAges } from '../../../processors/store/row-ages.ts'
import { type Row, recomputed } from '../../books/oracle.ts'
import type { Arrival } from '../../books/scenes.ts'
import { openTestWarehouse } from '../../query/support/warehouse.ts'
import { impatient } from '../../support/impatient.ts'
import { at, NOON_SECONDS, type Reading } from '../meter/support.ts'
import { energyRow } from '../rate/energy-row.ts'
import { rateRows } from '../rate/rate-rows.ts'

const THING = "concat(Host, '/', Component, '/', Share, '/', WorkloadId, '/', EnergyQuality)"
const GAP_SECONDS = 70
const SLOT_SECONDS = 5
const CONFIG = {
  data: 'unused',
  broker: { partitions: 1 },
  metering: { gap: GAP_SECONDS, late_settle: 60 },
  retention: { signals_days: 5_000 },
  factors: { zone: 'DE', pue: '1.25', embodied_kg: '1200' },
  tariffs: { price_per_kwh: '0.30', price_per_vcpu_hour: '0.02' },
}

export type Rig = Awaited<ReturnType<typeof openRig>>

/**
 * @param stays a folder that was opened before, or will be again
 * @param more keys of the configuration beside its own
 * @param seen the log as the processors see it
 */
export async function openRig(
  stays?: string,
  more: Readonly<Record<string, unknown>> = {},
  seen: (broker: Broker) => Broker = broker => broker,
) {
  const config = configSchema.parse({ ...CONFIG, ...more })
  const folder = stays ?? (await mkdtemp(join(tmpdir(), 'wattline-recompute-')))
  const store = await openTestWarehouse(5_000, join(folder, 'warehouse'))
  const broker = impatient(
    await openEmbeddedBroker({ path: join(folder, 'log'), maxBytes: 1e9, events: silentEvents }),
  )
  await broker.createStreams(streamSettings(config))
  let nowMs = Number(at(0) / 1_000_000n)
  const recomputations = new Recomputations({ broker, now: () => nowMs })
  const start = (): Promise<Runner> =>
    startProcessors({
      config: { ...config, data: folder },
      broker: seen(broker),
      warehouse: store.warehouse,
      events: silentEvents,
      rowAges: new RowAges(),
      meterBudget: new StateBudget(1e9, silentEvents),
      recomputations,
      now: () => nowMs,
    })
  let runner = await start()
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    for (let tries = 0; tries < 20_000; tries++) {
      if (await isSo()) return
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    throw new Error(`${what}: ${runner.problems().join()}`)
  }
  const isRead = async (group: string, stream: string): Promise<boolean> =>
    (await broker.lag(group, stream)).every(({ committed, end }) => committed === end)
  const allRead = async (): Promise<void> => {
    for (const [group, stream] of [
      ['meter', readings.name],
      ['rate', energy.name],
      [RECOMPUTE, lateReadings.name],
      [RESTATE, factors.name],
      ['store', readings.name],
      ['store', ledger.name],
      ['store', lateReadings.name],
    ] as const)
      await until(`${group} does not read ${stream}`, () => isRead(group, stream))
  }
  return {
    store,
    broker,
    recomputations,
    /**
     * Appends readings in order of arrival; then lets all hosts fall silent.
     *
     * @param slotSeconds what arrives within this time is one record
     * @param acknowledged records that are in the log already
     * @param onAcknowledged hears of every record that is
     */
    async deliver(
      arrivals: readonly Arrival[],
      {
        slotSeconds = SLOT_SECONDS,
        acknowledged = 0,
        onAcknowledged = () => undefined,
      }: {
        readonly slotSeconds?: number
        readonly acknowledged?: number
        readonly onAcknowledged?: () => void
      } = {},
    ): Promise<void> {
      const slots = [...Map.groupBy(arrivals, ({ arrives }) => Math.ceil(arrives / slotSeconds))]
      for (const [slot, some] of slots.sort(([a], [b]) => a - b).slice(acknowledged)) {
        const value = encodeRows(
          readings,
          some.map(({ row }) => ({ ...row, HostName: row.HostName === 'one' ? row.Host : row.HostName })),
        )
        nowMs = Number(at(slot * slotSeconds) / 1_000_000n)
        await broker.append(readings.name, 0, [{ value, timestampMs: nowMs }])
        onAcknowledged()
      }
      // Not by Math.max: there may be hundreds of thousands.
      const last = arrivals.reduce((latest, { arrives }) => Math.max(latest, arrives), 0)
      const flushes = [...new Set(arrivals.map(({ row }) => row.Host))].map(host => ({
        value: Buffer.from(
          JSON.stringify({
            tenant: 'default',
            host,
            untilUnixNano: at(Math.ceil(last / 60) * 60 + 7_200).toString(),
          }),
        ),
        headers: { [RECORD_KIND]: FLUSH_KIND },
        timestampMs: Number(at(last + 7_200) / 1_000_000n),
      }))
      await broker.append(readings.name, 0, flushes)
      await allRead()
    },
    /** Lets time go by. */
    wait(ms: number): void {
      nowMs += ms
    },
    /** Lets what is late settle, and waits until all of it is booked. */
    async settle(): Promise<void> {
      await allRead()
      nowMs += 120_000
      const isDone = (group: string, stream: string): boolean =>
        (broker.holdings?.(group, stream) ?? []).every(({ state }) =>
          [...state.keys()].every(name => name === 'next'),
        )
      await until('late readings or revisions are not booked', async () => {
        nowMs += 1_800_000
        return isDone(RECOMPUTE, lateReadings.name) && isDone(RESTATE, factors.name)
      })
      // The state of a group is seen a moment before the end of the stream that was appended with it.
      await new Promise(resolve => setTimeout(resolve, 100))
      await allRead()
    },
    /** Revises the intensity of all hosts for minutes after noon. */
    async revise(from: number, to: number, gramsPerKwh: string): Promise<void> {
      const iso = (minute: number): string => new Date((NOON_SECONDS + minute * 60) * 1000).toISOString()
      const values = [{ from: iso(from), to: iso(to), g_per_kwh: gramsPerKwh }]
      const body = intensityValues.parse({ zone: 'DE', source: 'test', values })
      await putIntensities(broker, factorsOf(body, 'api'), nowMs)
    },
    /** Sets the PUE of all hosts from one second to another. */
    async setPue(from: number, to: number, pue: string): Promise<void> {
      const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()
      const values = [{ from: iso(from), to: iso(to), pue }]
      const body = pueSchema.parse({ zone: 'DE', source: 'test', values })
      await putPue(broker, pueFactorsOf(body, 'api'), nowMs)
    },
    /** Energy, carbon and cost of energy of a host by minute. */
    money: (host: string) =>
      store.warehouse.query<{ uj: string; ug: string; nano: string }>(
        `SELECT toString(sum(EnergyUj)) AS uj, toString(sum(CarbonOperationalUg)) AS ug, toString(sum(CostEnergyNano)) AS nano
         FROM wattline.ledger WHERE Host = '${host}' GROUP BY WindowStart ORDER BY WindowStart`,
      ),
    /** Energy and carbon of things: by minute and by hour. */
    energies: () =>
      store.warehouse.query<{ thing: string; minute: number; uj: string }>(
        `SELECT ${THING} AS thing, toFloat64(intDiv(toUnixTimestamp(WindowStart), 60)) AS minute,
           toString(sum(EnergyUj)) AS uj FROM wattline.ledger WHERE EnergyQuality != 'none' GROUP BY thing, minute`,
      ),
    carbons: () =>
      store.warehouse.query<{ thing: string; hour: number; ug: string }>(
        `SELECT ${THING} AS thing, toFloat64(intDiv(toUnixTimestamp(WindowStart), 3600)) AS hour,
           toString(sum(CarbonOperationalUg)) AS ug FROM wattline.ledger WHERE EnergyQuality != 'none' GROUP BY thing, hour`,
      ),
    /** Minutes of hosts whose rows are others than those that all their readings give. */
    async differences(arrivals: readonly Arrival[]): Promise<readonly string[]> {
      const late = await store.warehouse.query<{ key: string; reason: string }>(
        `SELECT concat(Host, '/', Quantity, '/', Domain, '/', WorkloadId, '/', toString(toUnixTimestamp64Nano(Timestamp))) AS key,
           Reason AS reason FROM wattline.late_readings WHERE Reason IN ('ahead', 'set_back')`,
      )
      const wrong = new Map(late.map(({ key, reason }) => [key, reason]))
      const booked = await store.warehouse.query<BookedRow>(
        `SELECT Host, toFloat64(toUnixTimestamp(WindowStart)) AS WindowStart, Component, Share, WorkloadId, EnergyQuality,
           toString(sum(EnergyUj)) AS Uj, toString(sum(CpuUs)) AS Us FROM wattline.ledger
         GROUP BY ALL HAVING sum(EnergyUj) != 0 OR sum(CpuUs) != 0 ORDER BY ALL`,
      )
      const rows = [...Map.groupBy(arrivals, ({ row }) => row.Host)].flatMap(([Host, some]) => {
        const kept = rightlyDated(
          some.map(({ row }) => row),
          wrong,
        )
        const books = [...recomputed(kept, { gapNs: BigInt(GAP_SECONDS) * 1_000_000_000n }).values()].flat()
        return books
          .filter(({ EnergyUj, CpuUs }) => EnergyUj !== 0n || CpuUs !== 0n)
          .map(row => textOf(Host, row))
      })
      const hosts = new Set(arrivals.map(({ row }) => row.Host))
      const there = new Set(
        booked
          .filter(({ Host }) => hosts.has(Host))
          .map(row => textOf(row.Host, { ...row, EnergyUj: row.Uj, CpuUs: row.Us })),
      )
      const right = new Set(rows)
      return [
        ...[...right].filter(row => !there.has(row)).map(row => `missing ${row}`),
        ...[...there].filter(row => !right.has(row)).map(row => `wrong ${row}`),
      ].sort()
    },
    /** Lets seconds pass. */
    pass(seconds: number): void {
      nowMs += seconds * 1000
    },
    /** By minute, energy of a host's workloads and shares in µJ, and all sums that must not change. */
    async sums(host: string) {
      const rows = await store.warehouse.query<{ minute: string; thing: string; uj: string; total: string }>(
        `SELECT toString(WindowStart) AS minute, if(WorkloadId = '', Share, WorkloadId) AS thing, toString(sum(EnergyUj)) AS uj,
           arrayStringConcat([sum(EnergyUj), sum(CarbonEmbodiedUg), sum(CpuUs)]::Array(String), ' ') AS total
         FROM wattline.ledger WHERE Host = '${host}' GROUP BY GROUPING SETS ((minute, thing), (minute)) ORDER BY minute`,
      )
      return [...Map.groupBy(rows, ({ minute }) => minute).values()].map(some => ({
        ...{ A: 0n, B: 0n, idle: 0n, unattributed: 0n },
        ...Object.fromEntries(some.map(({ thing, uj }) => [thing, BigInt(uj)])),
        total: some.find(({ thing }) => thing === '')?.total,
      }))
    },
    /** What corrections there are of a host ('' for all): why, whether each has an id of its own, how many of what. */
    async corrections(host: string) {
      const rows = await store.warehouse.query<{ thing: string; n: number; ids: number; reasons: string[] }>(
        `SELECT if(WorkloadId = '', Share, WorkloadId) AS thing, toFloat64(count()) AS n, toFloat64(uniqExact(EntryId)) AS ids,
           groupUniqArray(CorrectionReason) AS reasons
         FROM wattline.ledger WHERE EntryKind = 'correction' AND ('${host}' = '' OR Host = '${host}')
         GROUP BY thing ORDER BY thing`,
      )
      return {
        reasons: [...new Set(rows.flatMap(({ reasons }) => reasons))],
        count: rows.reduce((sum, { n }) => sum + n, 0),
        ids: rows.every(({ n, ids }) => n === ids),
        things: rows.map(({ thing, n }) => `${thing} ${n}`),
      }
    },
    /** Writes an entry of the first minute into the ledger. */
    async book(host: string, workload: string, uj: bigint): Promise<void> {
      const row = energyRow({
        Host: host,
        HostName: host,
        WindowStart: NOON_SECONDS,
        WorkloadId: workload,
        EnergyUj: uj,
        CpuUs: 0n,
        EnergyErrorUj: null,
      })
      const value = encodeRows(ledger, rateRows(createRate(config), [row]))
      await broker.append(ledger.name, 0, [{ value, timestampMs: nowMs }])
      await allRead()
    },
    async restart(): Promise<void> {
      await runner.stop()
      runner = await start()
    },
    async close(): Promise<void> {
      await runner.stop()
      await broker.close()
      await store.close()
      if (stays === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Without what the meter found to be dated wrongly, unless the counter was reset just then. */
function rightlyDated(rows: readonly Reading[], wrong: ReadonlyMap<string, string>): Reading[] {
  const reasonOf = (row: Reading): string | undefined =>
    wrong.get([row.Host, row.Quantity, row.Domain, row.WorkloadId, row.Timestamp].join('/'))
  return rows.filter(row => {
    const reason = reasonOf(row)
    if (reason !== 'set_back') return reason === undefined
    const others = rows
      .filter(other => seriesOf(other) === seriesOf(row) && reasonOf(other) === undefined)
      .toSorted((a, b) => (a.Timestamp < b.Timestamp ? -1 : 1))
    const before = others.findLast(other => other.Timestamp < row.Timestamp)
    const after = others.find(other => other.Timestamp > row.Timestamp)
    return (
      before !== undefined && after !== undefined && after.Value < before.Value && row.Value >= before.Value
    )
  })
}

const seriesOf = ({ Quantity, Domain, Device, WorkloadId, BootId, Source, Quality }: Reading): string =>
  [Quantity, Domain, Device, WorkloadId, BootId, Source, Quality].join('/')

type BookedRow = Pick<Row, 'WindowStart' | 'Component' | 'Share' | 'WorkloadId' | 'EnergyQuality'> & {
  readonly Host: string
  readonly Uj: string
  readonly Us: string
}

const textOf = (
  host: string,
  row: Pick<Row, 'WindowStart' | 'Component' | 'Share' | 'WorkloadId' | 'EnergyQuality'> & {
    readonly EnergyUj: bigint | string
    readonly CpuUs: bigint | string
  },
): string =>
  [
    host,
    row.WindowStart,
    row.Component,
    row.Share,
    row.WorkloadId,
    row.EnergyQuality,
    row.EnergyUj,
    row.CpuUs,
  ].join(' ')
