/**
 * Policies in the log, keyed by origin, tenant and name. One that was put by API stands in for a configured one of its tenant and
 * name; once it is deleted, the configured one is in force again.
 */
import type { Broker, NewRecord, StoredRecord } from '../broker/broker.ts'
import { RECORD_KIND } from '../broker/broker.ts'
import { scalingPolicySchema } from '../catalogue/config/keys/scaling.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { decodeRows, encodeRows } from '../columns/rows.ts'
import { digest } from '../model/digest.ts'
import { scalingPolicies } from '../model/streams/scaling.ts'
import type { RowOf } from '../model/streams/stream.ts'
import { type NamedPolicy, namedPolicy } from './policies.ts'

/** Row of table `scaling_policies`. */
export type PolicyRow = RowOf<typeof scalingPolicies>

/** Header `kind` of a record without content, which supersedes that of an erased tenant. */
const ERASED = 'erased'

/** Keys outlive what they stand for, so they do not name the tenant. */
export const policyKey = ({
  tenant,
  name,
  source,
}: Pick<NamedPolicy, 'tenant' | 'name' | 'source'>): string => `${source}/${digest(tenant, 32)}/${name}`

/** The record that puts a policy in force, or ends it. */
export function policyRecord(
  named: NamedPolicy,
  state: 'active' | 'deleted',
  nowMs: number,
): Required<NewRecord> {
  const row: PolicyRow = {
    Tenant: named.tenant,
    Name: named.name,
    Updated: Math.floor(nowMs / 1000),
    State: state,
    Source: named.source,
    Version: named.version,
    Policy: JSON.stringify(named.content),
  }
  return {
    key: policyKey(named),
    value: encodeRows(scalingPolicies, [row]),
    headers: {},
    timestampMs: nowMs,
  }
}

/** Null: it was ended. @throws WattlineError `record_corrupt` */
export function policyOfRecord({
  key,
  value,
  headers,
}: Pick<StoredRecord, 'key' | 'value' | 'headers'>): NamedPolicy | null {
  if (headers[RECORD_KIND] === ERASED) return null
  const [row] = decodeRows(scalingPolicies, value)
  if (row === undefined || row.State !== 'active') return null
  try {
    const content = scalingPolicySchema.parse(JSON.parse(row.Policy))
    return namedPolicy(row.Tenant, row.Name, row.Source === 'api' ? 'api' : 'configuration', content)
  } catch (cause) {
    throw new WattlineError(
      'record_corrupt',
      `The scaling policy ${key} in the log cannot be read: ${String(cause)}.`,
      {
        cause,
      },
    )
  }
}

/** Those in force: of one tenant and name that of the API. */
export function inForce(policies: Iterable<NamedPolicy>): readonly NamedPolicy[] {
  const found = new Map<string, NamedPolicy>()
  for (const one of policies) {
    const key = `${one.tenant}/${one.name}`
    if (one.source === 'api' || !found.has(key)) found.set(key, one)
  }
  return [...found.values()]
}

/** Puts and ends policies, and tells which are in force, for the routes. */
export interface PolicyLog {
  /** Those in force of a tenant, as the log has them now; by name. */
  list(tenant: string): Promise<readonly NamedPolicy[]>
  /** Durable when it resolves, with whether it changes anything. */
  put(named: NamedPolicy): Promise<boolean>
  /** Ends one that was put; resolves with whether there was one. */
  end(tenant: string, name: string): Promise<boolean>
}

/** @param configured policies of this configuration @param now wall clock, unix ms */
export function createPolicyLog(
  log: Pick<Broker, 'newest' | 'append'>,
  configured: readonly NamedPolicy[],
  now: () => number,
): PolicyLog {
  const put = async (tenant: string): Promise<readonly NamedPolicy[]> =>
    [...(await log.newest(scalingPolicies.name)).values()]
      .flatMap(record => policyOfRecord(record) ?? [])
      .filter(one => one.tenant === tenant && one.source === 'api')
  return {
    async list(tenant) {
      const own = configured.filter(one => one.tenant === tenant)
      return inForce([...own, ...(await put(tenant))]).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    },
    async put(named) {
      const before = (await put(named.tenant)).find(({ name }) => name === named.name)
      if (before?.version === named.version) return false
      await log.append(scalingPolicies.name, 0, [policyRecord(named, 'active', now())])
      return true
    },
    async end(tenant, name) {
      const before = (await put(tenant)).find(one => one.name === name)
      if (before === undefined) return false
      await log.append(scalingPolicies.name, 0, [policyRecord(before, 'deleted', now())])
      return true
    },
  }
}

/** Ends all policies of a tenant that is erased, without a trace of them. Resolves with how many there were. */
export async function erasePolicies(
  log: Pick<Broker, 'newest' | 'append'>,
  tenant: string,
  timestampMs: number,
): Promise<number> {
  const found = [...(await log.newest(scalingPolicies.name))].filter(
    ([, record]) =>
      record.headers[RECORD_KIND] === undefined &&
      decodeRows(scalingPolicies, record.value)[0]?.Tenant === tenant,
  )
  const records = found.map(([key]) => ({
    key,
    value: new Uint8Array(),
    headers: { [RECORD_KIND]: ERASED },
    timestampMs,
  }))
  if (records.length > 0) await log.append(scalingPolicies.name, 0, records)
  return records.length
}
