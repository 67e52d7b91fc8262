/** From sums to the answer: pure. */
import type {
  PerUnit,
  RequestsAmounts,
  RequestsAnswer,
  RequestsCost,
  RequestsRow,
} from '../../core/api/requests.ts'
import { digitsText } from '../../core/model/amounts.ts'
import { divideHalfEven } from '../../core/model/decimal.ts'
import { isoTime } from '../../core/model/iso-time.ts'
import { REQUEST_REASONS } from '../../core/model/streams/request-energy.ts'
import type { RequestsQuestion } from './request.ts'
import type { RequestSums } from './statement.ts'

const QUALITIES = ['measured', 'interpolated', 'estimated', 'simulated'] as const
const reasonsOf = (rows: readonly Pick<RequestSums, 'Reason'>[]): string[] =>
  [...new Set(rows.flatMap(({ Reason }) => Reason.split(',')))].filter(reason => reason !== '').toSorted()

/** Amounts and columns that hold them. */
export type AmountColumns = Pick<
  RequestSums,
  | 'EnergyUj'
  | 'CarbonOperationalUg'
  | 'CarbonEmbodiedUg'
  | 'CostEnergyNano'
  | 'CostResourceNano'
  | 'Currency'
  | 'IntensityKind'
>

/** Null where nothing is known. */
const total = (values: readonly (string | null)[]): bigint | null => {
  const known = values.filter(value => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + BigInt(value), 0n)
}
const text = (value: bigint | null): string | null => (value === null ? null : value.toString())

interface RequestAmounts {
  readonly energy: bigint | null
  readonly operational: bigint | null
  readonly embodied: bigint | null
  readonly costs: readonly {
    readonly currency: string
    readonly energy: bigint | null
    readonly resource: bigint | null
  }[]
}

function amountsOf(rows: readonly AmountColumns[]): RequestAmounts {
  const kinds = new Set(rows.filter(row => row.CarbonOperationalUg !== null).map(row => row.IntensityKind))
  const priced = rows.filter(row => row.CostEnergyNano !== null || row.CostResourceNano !== null)
  return {
    energy: total(rows.map(row => row.EnergyUj)),
    operational: kinds.size > 1 ? null : total(rows.map(row => row.CarbonOperationalUg)),
    embodied: total(rows.map(row => row.CarbonEmbodiedUg)),
    costs: [...Map.groupBy(priced, ({ Currency }) => Currency)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([currency, some]) => ({
        currency,
        energy: total(some.map(row => row.CostEnergyNano)),
        resource: total(some.map(row => row.CostResourceNano)),
      })),
  }
}

/** Sums of amounts as the answer has them. */
export function amountsAnswer(rows: readonly AmountColumns[]): RequestsAmounts {
  const { energy, operational, embodied, costs } = amountsOf(rows)
  return {
    energy_uj: text(energy),
    carbon_operational_ug: text(operational),
    carbon_embodied_ug: text(embodied),
    costs: costs.map(
      (one): RequestsCost => ({
        currency: one.currency,
        energy_nano: text(one.energy),
        resource_nano: text(one.resource),
      }),
    ),
  }
}

const DECIMALS = 3
const each = (amount: bigint | null, count: bigint): string | null =>
  amount === null ? null : decimalText(divideHalfEven(amount * 10n ** BigInt(DECIMALS), count))
const decimalText = (scaled: bigint): string =>
  `${scaled < 0n ? '-' : ''}${digitsText(scaled < 0n ? -scaled : scaled, DECIMALS)}`

/** What one of `count`, in units of `unit`, took. */
function perUnit(rows: readonly AmountColumns[], count: bigint, unit: bigint): PerUnit | null {
  if (count <= 0n) return null
  const { energy, operational, embodied, costs } = amountsOf(rows)
  const one = (amount: bigint | null): string | null => each(amount === null ? null : amount * unit, count)
  return {
    energy_uj: one(energy),
    carbon_operational_ug: one(operational),
    carbon_embodied_ug: one(embodied),
    sci_ug: one(operational === null || embodied === null ? null : operational + embodied),
    costs: costs.map(({ currency, energy: ofEnergy, resource }) => ({
      currency,
      energy_nano: one(ofEnergy),
      resource_nano: one(resource),
    })),
  }
}

const sum = (
  rows: readonly RequestSums[],
  name: 'Requests' | 'Traces' | 'Spans' | 'SelfTimeNs' | 'InputTokens' | 'OutputTokens',
): bigint => rows.reduce((all, row) => all + BigInt(row[name]), 0n)

function rowOf(group: Readonly<Record<string, string>>, rows: readonly RequestSums[]): RequestsRow {
  const withEnergy = rows.filter(row => row.EnergyUj !== null)
  const served = rows.filter(row => row.ModelPlace === 'served')
  const remote = rows.filter(row => row.ModelPlace === 'remote')
  const servedWithEnergy = served.filter(row => row.EnergyUj !== null)
  const energy = total(rows.map(row => row.EnergyUj)) ?? 0n
  const share = (quality: string): number => {
    const part = total(rows.filter(row => row.EnergyQuality === quality).map(row => row.EnergyUj)) ?? 0n
    return energy === 0n ? 0 : Number(part) / Number(energy)
  }
  const kinds = new Set(rows.filter(row => row.CarbonOperationalUg !== null).map(row => row.IntensityKind))
  return {
    group,
    requests: sum(rows, 'Requests').toString(),
    requests_with_energy: sum(withEnergy, 'Requests').toString(),
    traces: sum(rows, 'Traces').toString(),
    spans: sum(rows, 'Spans').toString(),
    self_time_ns: sum(rows, 'SelfTimeNs').toString(),
    ...amountsAnswer(rows),
    quality: Object.fromEntries(
      QUALITIES.map(quality => [quality, share(quality)]),
    ) as RequestsRow['quality'],
    per_request: perUnit(withEnergy, sum(withEnergy, 'Requests'), 1n),
    tokens: {
      input: sum(rows, 'InputTokens').toString(),
      output: sum(rows, 'OutputTokens').toString(),
      remote: (sum(remote, 'InputTokens') + sum(remote, 'OutputTokens')).toString(),
    },
    per_1000_tokens: perUnit(
      servedWithEnergy,
      sum(servedWithEnergy, 'InputTokens') + sum(servedWithEnergy, 'OutputTokens'),
      1_000n,
    ),
    reasons: [
      ...reasonsOf(rows),
      ...(kinds.size > 1 ? ['mixed_intensity_kinds'] : []),
      ...(remote.length > 0 ? ['remote_model'] : []),
    ],
  }
}

/** The answer of the route. */
export function buildRequestsAnswer(
  question: RequestsQuestion,
  sums: readonly RequestSums[],
): RequestsAnswer {
  const isUnrequested = ({ Reason }: RequestSums): boolean =>
    Reason.split(',').includes(REQUEST_REASONS.noSpan)
  const shared = sums.filter(row => !isUnrequested(row))
  const groups = Map.groupBy(shared, row =>
    JSON.stringify(question.groupBy.map(name => row[`g_${name}`] ?? '')),
  )
  const rows = [...groups]
    .map(([key, some]) => {
      const values = JSON.parse(key) as readonly string[]
      return rowOf(Object.fromEntries(question.groupBy.map((name, index) => [name, values[index]!])), some)
    })
    .toSorted(byEnergy)
  return {
    window: { from: isoTime(question.from), to: isoTime(question.to) },
    group_by: question.groupBy,
    rows: rows.slice(0, question.limit),
    truncated: rows.length > question.limit,
    total: rowOf({}, shared),
    unrequested: amountsAnswer(sums.filter(isUnrequested)),
  }
}

function byEnergy(a: RequestsRow, b: RequestsRow): number {
  const [first, second] = [BigInt(a.energy_uj ?? 0), BigInt(b.energy_uj ?? 0)]
  if (first !== second) return first > second ? -1 : 1
  return JSON.stringify(a.group) < JSON.stringify(b.group) ? -1 : 1
}
