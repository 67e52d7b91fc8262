/** Services with rate, errors, duration and energy of their operations, and the calls between them. */
import type { RequestsRow, ServiceFigures, ServiceMapAnswer } from '../../core/api/answers.ts'
import { isoTime } from '../../core/model/iso-time.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { tableName } from '../fence/tables.ts'
import { answerRequests } from '../requests/routes.ts'
import { IS_ERROR, WITHIN } from './conditions.ts'
import { serviceGraph } from './dependencies.ts'

const SPANS = tableName('otel_traces')
/** Operations of one answer. */
const OPERATIONS_MAX = 5_000
const ENERGY_GROUPS_MAX = 10_000

/** A question, checked: unix seconds, `[from, to)`, whole minutes. */
export interface ServiceMapQuestion {
  readonly tenant: string
  readonly from: number
  readonly to: number
}

interface ServiceMapRow {
  readonly service: string
  readonly operation: string
  /** 1: the sum over all operations of the service. */
  readonly isTotal: number
  readonly requests: string
  readonly errors: string
  readonly mean: number
  readonly times: readonly number[]
}

/** The answer of the route. */
export async function serviceMap(
  reader: FencedReader,
  question: ServiceMapQuestion,
): Promise<ServiceMapAnswer> {
  const { tenant, from, to } = question
  const window = { fromMs: from * 1_000, toMs: to * 1_000 }
  const figures = await figuresOf(reader, question)
  const { edges, sampling } = await serviceGraph(reader, tenant, window)
  const energyBy = async (groupBy: readonly ('service' | 'operation')[]) => {
    const asked = { ...question, groupBy, filters: [], limit: ENERGY_GROUPS_MAX }
    const { rows } = await answerRequests(reader, asked)
    return new Map(rows.map(row => [keyOf(row.group['service'] ?? '', row.group['operation']), row]))
  }
  const ofServices = await energyBy(['service'])
  const ofOperations = await energyBy(['service', 'operation'])
  const seconds = to - from
  const operations = Map.groupBy(
    figures.filter(({ isTotal }) => isTotal === 0),
    ({ service }) => service,
  )
  return {
    window: { from: isoTime(from), to: isoTime(to) },
    sampling,
    services: figures
      .filter(({ isTotal }) => isTotal === 1)
      .map(total => ({
        service: total.service,
        ...figuresAnswer(total, seconds, ofServices.get(keyOf(total.service, undefined))),
        operations: (operations.get(total.service) ?? []).map(one => ({
          operation: one.operation,
          ...figuresAnswer(one, seconds, ofOperations.get(keyOf(one.service, one.operation))),
        })),
      })),
    calls: edges.map(edge => ({
      client: edge.parent,
      server: edge.child,
      calls: edge.calls,
      calls_per_second: edge.calls / seconds,
      errors: edge.errors,
      duration_ns: { mean: edge.meanNano, p50: edge.p50Nano, p95: edge.p95Nano, p99: edge.p99Nano },
    })),
    truncated: figures.length >= OPERATIONS_MAX,
  }
}

const keyOf = (service: string, operation: string | undefined): string => JSON.stringify([service, operation])

/** As `request_energy` counts requests; a span that was sent again counts again. */
async function figuresOf(
  reader: FencedReader,
  { tenant, from, to }: ServiceMapQuestion,
): Promise<readonly ServiceMapRow[]> {
  return await reader.query<ServiceMapRow>(
    'SELECT toString(ServiceName) AS service, toString(SpanName) AS operation, toUInt8(grouping(SpanName)) AS isTotal, ' +
      `toString(count()) AS requests, toString(countIf(${IS_ERROR})) AS errors, avg(Duration) AS mean, ` +
      `quantilesTDigest(0.5, 0.95, 0.99)(Duration) AS times FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN} ` +
      "AND (ParentSpanId = '' OR SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')) " +
      'GROUP BY GROUPING SETS ((ServiceName), (ServiceName, SpanName)) ' +
      `ORDER BY isTotal DESC, count() DESC, service, operation LIMIT ${OPERATIONS_MAX}`,
    { tenant, from: from * 1_000, to: to * 1_000 },
  )
}

function figuresAnswer(
  figures: ServiceMapRow,
  seconds: number,
  energy: RequestsRow | undefined,
): ServiceFigures {
  const [p50 = 0, p95 = 0, p99 = 0] = figures.times
  const requests = Number(figures.requests)
  return {
    requests,
    requests_per_second: requests / seconds,
    errors: Number(figures.errors),
    duration_ns: { mean: figures.mean, p50, p95, p99 },
    energy_uj: energy?.energy_uj ?? null,
    carbon_operational_ug: energy?.carbon_operational_ug ?? null,
    carbon_embodied_ug: energy?.carbon_embodied_ug ?? null,
    costs: energy?.costs ?? [],
    per_request: energy?.per_request ?? null,
    reasons: energy?.reasons ?? ['not_shared_yet'],
  }
}
