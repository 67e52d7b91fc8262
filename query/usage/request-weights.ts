/**
 * What each workload had reserved, as weight of idle sharing. Kubernetes tells requests by pod and name on a node that it knows by
 * name; use is told by container ids on hosts that are known by id. Both are the same container: see processors/meter.
 */
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { type ParameterizedSql, tableName } from '../fence/tables.ts'
import type { UsageRequest } from './request.ts'
import type { Cell, Weigh } from './share-idle.ts'

type Asked = Pick<UsageRequest, 'tenant' | 'from' | 'to'>

const IN_WINDOW = (time: string): string =>
  `Tenant = {tenant:String} AND ${time} >= toDateTime({from:UInt32}, 'UTC') AND ${time} < toDateTime({to:UInt32}, 'UTC')`

const paramsOf = ({ tenant, from, to }: Asked): Readonly<Record<string, QueryParam>> => ({ tenant, from, to })

/** Mean CPU request per host and workload in the window, in millicores. */
const requestsStatement = (asked: Asked): ParameterizedSql => ({
  text:
    'SELECT Host AS host, WorkloadKind AS kind, WorkloadId AS id, intDiv(sum(toInt128(Value)), count()) AS request, ' +
    "any(Attributes['workload.name']) AS name, any(Attributes['workload.namespace']) AS namespace " +
    `FROM ${tableName('readings')} WHERE ${IN_WINDOW('Timestamp')} AND Quantity = 'cpu_request' AND WorkloadId != '' ` +
    'GROUP BY host, kind, id HAVING request > 0',
  params: paramsOf(asked),
})

const hostsStatement = (asked: Asked): ParameterizedSql => ({
  text: `SELECT Host AS host, argMax(HostName, (HostName != Host, WindowStart)) AS name FROM ${tableName('ledger')} WHERE ${IN_WINDOW('WindowStart')} GROUP BY host`,
  params: paramsOf(asked),
})

/** Dear, since it reads the labels of all rows: only asked where names alone do not tell containers apart. */
const labelsStatement = (asked: Asked): ParameterizedSql => ({
  text:
    "SELECT Host AS host, WorkloadId AS id, any(concat(Labels['k8s.pod.uid'], '/', Labels['k8s.container.name'])) AS named " +
    `FROM ${tableName('ledger')} WHERE ${IN_WINDOW('WindowStart')} AND WorkloadKind = 'container' GROUP BY host, id`,
  params: paramsOf(asked),
})

interface RequestRow {
  readonly host: string
  readonly kind: string
  readonly id: string
  readonly request: string
  readonly name: string
  readonly namespace: string
}

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts)

/** Requests as they are asked for: by id, and of containers by namespace and name where all of these on a host are alike. */
class Requests {
  readonly #byId = new Map<string, bigint>()
  readonly #byName = new Map<string, bigint | null>()

  constructor(rows: readonly RequestRow[]) {
    for (const { host, kind, id, request, name, namespace } of rows) {
      const amount = BigInt(request)
      this.#byId.set(keyOf(host, kind, id), amount)
      if (kind !== 'container' || name === '' || namespace === '') continue
      const key = keyOf(host, namespace, name)
      const known = this.#byName.get(key)
      this.#byName.set(key, known === undefined || known === amount ? amount : null)
    }
  }

  /** Whether containers of one name on one host have reserved different amounts. */
  get isAmbiguous(): boolean {
    return [...this.#byName.values()].includes(null)
  }

  /** `hosts`: by id, a host's name. `named`: by host and container id, its pod and name. */
  weigh(hosts: ReadonlyMap<string, string>, named: ReadonlyMap<string, string>): Weigh {
    return ({ dimensions }: Cell) => {
      const { kind, workload_id: id, namespace, workload: name } = dimensions
      const ids = [id, named.get(keyOf(dimensions.host, id)) ?? id]
      const places = [dimensions.host, hosts.get(dimensions.host) ?? dimensions.host]
      for (const host of places) {
        for (const one of ids) {
          const known = this.#byId.get(keyOf(host, kind, one))
          if (known !== undefined) return known
        }
        const alike = kind === 'container' ? this.#byName.get(keyOf(host, namespace, name)) : undefined
        if (alike) return alike
      }
      return 0n
    }
  }
}

/** Weights for sharing idle energy by request, from the readings and the ledger of the window. */
export async function requestWeights(warehouse: FencedReader, request: UsageRequest): Promise<Weigh> {
  const ask = <Row>({ text, params }: ParameterizedSql): Promise<readonly Row[]> =>
    warehouse.query<Row>(text, params)
  const requests = new Requests(await ask<RequestRow>(requestsStatement(request)))
  const hosts = await ask<{ host: string; name: string }>(hostsStatement(request))
  const named = requests.isAmbiguous
    ? await ask<{ host: string; id: string; named: string }>(labelsStatement(request))
    : []
  return requests.weigh(
    new Map(hosts.map(({ host, name }) => [host, name])),
    new Map(named.map(row => [keyOf(row.host, row.id), row.named])),
  )
}
