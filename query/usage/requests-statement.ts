import { tableName } from '../tables.ts'
import type { UsageRequest } from './request.ts'
import type { Sql } from './statement.ts'

/** Mean CPU request per host and workload in the window, in millicores: the weight of idle sharing by request. */
export function requestsStatement(request: Pick<UsageRequest, 'tenant' | 'from' | 'to'>): Sql {
  return {
    text:
      'SELECT Host AS host, WorkloadKind AS kind, WorkloadId AS id, intDiv(sum(toInt128(Value)), count()) AS request ' +
      `FROM ${tableName('readings')} WHERE Tenant = {tenant:String} AND Quantity = 'cpu_request' AND WorkloadId != '' ` +
      "AND Timestamp >= toDateTime({from:UInt32}, 'UTC') AND Timestamp < toDateTime({to:UInt32}, 'UTC') " +
      'GROUP BY host, kind, id HAVING request > 0',
    params: { tenant: request.tenant, from: request.from, to: request.to },
  }
}
