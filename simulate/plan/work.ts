/** Amount of work: points and entries, records, cores. */
import type { Assumptions, UnitCosts } from './costs.ts'
import {
  COMPONENTS_PER_HOST,
  type Demand,
  HOST_POINTS,
  MEGA,
  type Rates,
  type Sheet,
  short,
  WORKLOAD_POINTS,
} from './sheet.ts'

/** `group_commit.rows`. */
const MOST_ROWS_PER_RECORD = 32_768
/** From one insert of small records into a partition to the next, see processors/store/pace.ts. */
const REST_SECONDS = 0.5

/** Adds the lines for what arrives each second. */
export function load(sheet: Sheet, demand: Demand): Rates {
  const { hosts, workloads, intervalSeconds, spansPerSecond } = demand
  sheet.group('load')
  const perRound = HOST_POINTS + WORKLOAD_POINTS * workloads
  const points = sheet.line(
    'points_per_second',
    'data points that are readings',
    '/s',
    (hosts * perRound) / intervalSeconds,
    `${short(hosts)} hosts x (${HOST_POINTS} + ${WORKLOAD_POINTS} x ${workloads}) / ${intervalSeconds} s`,
  )
  const perMinute = COMPONENTS_PER_HOST * (workloads + 2)
  const entries = sheet.line(
    'entries_per_second',
    'ledger entries',
    '/s',
    (hosts * perMinute) / 60,
    `${short(hosts)} hosts x ${COMPONENTS_PER_HOST} components x (${workloads} + idle + unattributed) / 60 s`,
  )
  sheet.line('spans_per_second', 'spans', '/s', spansPerSecond, 'given')
  return { spans: spansPerSecond, points, entries }
}

/** CPU seconds per million rows, without the cost of their records. */
const rowCost = (
  { cpu_seconds_per_million, records_per_million }: UnitCosts['spans' | 'points'],
  { record_cpu_seconds }: UnitCosts,
): number => Math.max(0, cpu_seconds_per_million.processors - records_per_million * record_cpu_seconds)

/** Collectors and partitions, and the number of records that they make. */
export interface Records {
  readonly collectors: number
  readonly collectorCores: number
  readonly partitions: number
  /** Inserts, of all streams, a second. */
  readonly inserts: number
  /** Records that share an insert with others, a second. */
  readonly shared: number
}

/** Each collector closes a batch of each stream this often, and for host-keyed streams a batch per partition. */
export function records(
  sheet: Sheet,
  demand: Demand,
  { spans, points }: Rates,
  costs: UnitCosts,
  assumed: Assumptions,
): Records {
  sheet.group('records')
  const { waitSeconds } = demand
  const collectorCores =
    ((spans / MEGA) * costs.spans.cpu_seconds_per_million.collector +
      (points / MEGA) * costs.points.cpu_seconds_per_million.collector) /
    assumed.utilisation
  const collectors = Math.max(1, Math.ceil(collectorCores / assumed.collector_cores))
  const partitions = partitionsOf(sheet, demand, { spans, points }, costs, assumed)
  const hostPartitions = demand.hostPartitions || partitions
  const keyless = (rows: number): number =>
    Math.min(rows, Math.max(rows / MOST_ROWS_PER_RECORD, collectors / waitSeconds))
  const ofSignals = sheet.line(
    'signal_records_per_second',
    'of spans and metrics',
    '/s',
    keyless(spans) + keyless(points),
    `traces, metric_points: more of rows / ${short(MOST_ROWS_PER_RECORD)} and ${collectors} collectors / ${waitSeconds} s`,
  )
  const perCollector = (collectors * hostPartitions) / waitSeconds
  const ofReadings = sheet.line(
    'reading_records_per_second',
    'of readings',
    '/s',
    Math.min(points, perCollector),
    `fewer of ${short(points)}/s and ${collectors} collectors x ${hostPartitions} partitions / ${waitSeconds} s`,
  )
  const ofLedger = sheet.line(
    'ledger_records_per_second',
    'of the ledger, one a poll',
    '/s',
    points === 0 ? 0 : hostPartitions,
    `${hostPartitions} partitions / 1 s`,
  )
  const streams: readonly StreamRecords[] = [
    { records: keyless(spans), rows: spans, partitions },
    { records: keyless(points), rows: points, partitions },
    { records: ofReadings, rows: points, partitions: hostPartitions },
    { records: ofLedger, rows: 0, partitions: hostPartitions },
  ]
  return {
    collectors,
    collectorCores,
    partitions,
    ...insertsOf(sheet, streams, ofSignals + ofReadings + ofLedger),
  }
}

interface StreamRecords {
  readonly records: number
  readonly rows: number
  readonly partitions: number
}

/** Small records share inserts: as many as are full of rows, or one for each partition and rest. */
function insertsOf(
  sheet: Sheet,
  streams: readonly StreamRecords[],
  all: number,
): Pick<Records, 'inserts' | 'shared'> {
  const insertsInto = ({ records: most, rows, partitions }: StreamRecords): number =>
    Math.min(most, Math.max(rows / MOST_ROWS_PER_RECORD, partitions / REST_SECONDS))
  const shared = sheet.line(
    'shared_records_per_second',
    'that share an insert',
    '/s',
    streams.reduce((sum, one) => sum + (insertsInto(one) < one.records ? one.records : 0), 0),
    `of streams with more than a record for each partition in ${REST_SECONDS} s`,
  )
  const inserts = sheet.line(
    'inserts_per_second',
    'inserts',
    '/s',
    streams.reduce((sum, one) => sum + insertsInto(one), 0),
    `${short(all)} records/s, those of a partition in ${REST_SECONDS} s together up to ${short(MOST_ROWS_PER_RECORD)} rows`,
  )
  return { inserts, shared }
}

/** A partition has one reader, which works sequentially. */
function partitionsOf(
  sheet: Sheet,
  demand: Demand,
  { spans, points }: Pick<Rates, 'spans' | 'points'>,
  costs: UnitCosts,
  assumed: Assumptions,
): number {
  const spanSeconds = rowCost(costs.spans, costs)
  const meterSeconds = costs.meter.cpu_seconds_per_million
  const byStore = ((spans / MEGA) * spanSeconds) / assumed.utilisation
  const byMeter = ((points / MEGA) * meterSeconds) / assumed.utilisation
  return sheet.line(
    'partitions',
    'partitions of a stream',
    '',
    demand.partitions || Math.max(1, Math.ceil(Math.max(byStore, byMeter))),
    demand.partitions > 0
      ? 'given'
      : `larger of ${short(spans / MEGA)} M/s x ${short(spanSeconds)} s (store), ${short(points / MEGA)} M/s x ${short(meterSeconds)} s (meter), / ${assumed.utilisation}`,
  )
}

/** Cores by stage; `engine` and `broker` for one replica. */
export interface Cores {
  readonly collector: number
  readonly processors: number
  readonly engine: number
  readonly broker: number
}

/** Adds the lines for cores, at the assumed utilisation. */
export function cores(
  sheet: Sheet,
  { spans, points }: Rates,
  { inserts: perSecond, shared }: Records,
  costs: UnitCosts,
  assumed: Assumptions,
): Cores {
  sheet.group('cores')
  const { utilisation } = assumed
  const perSpan = costs.spans.cpu_seconds_per_million
  const perPoint = costs.points.cpu_seconds_per_million
  const busy = (key: string, what: string, ofSpans: number, ofPoints: number, times = 1): number =>
    sheet.line(
      key,
      what,
      'cores',
      (((spans / MEGA) * ofSpans + (points / MEGA) * ofPoints) * times) / utilisation,
      `(${short(spans / MEGA)} M/s x ${short(ofSpans)} + ${short(points / MEGA)} M/s x ${short(ofPoints)} CPU s)${times === 1 ? '' : ` x ${short(times)}`} / ${utilisation}`,
    )
  const collector = busy('collector_cores', 'collectors', perSpan.collector, perPoint.collector)
  const rows = busy(
    'row_cores',
    'processors and inserts: rows',
    rowCost(costs.spans, costs),
    rowCost(costs.points, costs),
  )
  const inserts = sheet.line(
    'record_cores',
    'processors and inserts: records',
    'cores',
    (perSecond * costs.record_cpu_seconds + shared * costs.shared_record_cpu_seconds) / utilisation,
    `(${short(perSecond)} inserts/s x ${costs.record_cpu_seconds} + ${short(shared)} records/s x ${costs.shared_record_cpu_seconds} CPU s) / ${utilisation}`,
  )
  const passes = sheet.line(
    'merge_passes',
    'times that a row is merged',
    '',
    Math.max(
      1,
      Math.log(assumed.rows_per_large_part / assumed.rows_per_record) / Math.log(assumed.merge_fan_in),
    ),
    `log(${short(assumed.rows_per_large_part)} rows / ${short(assumed.rows_per_record)} rows) / log ${assumed.merge_fan_in}`,
  )
  const engine = busy('merge_cores', 'merges, on each replica', perSpan.merge, perPoint.merge, passes)
  const broker = busy('broker_cores', 'brokers, for each replica of a topic', perSpan.broker, perPoint.broker)
  return { collector, processors: rows + inserts, engine, broker }
}
