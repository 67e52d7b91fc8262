/** The engine with rows, and rules that are evaluated over it minute by minute as the processor does. */
import { ruleGroupsOf } from '../../../core/alerting/rules.ts'
import { type AlertInstance, evaluateRule } from '../../../core/alerts/instance.ts'
import type { AlertSample } from '../../../core/alerts/rule.ts'
import { type Config, configSchema } from '../../../core/catalogue/config/schema.ts'
import { configuredFactors } from '../../../core/factors/configured.ts'
import { configuredBooks } from '../../../core/factors/follower.ts'
import { IntensityBook } from '../../../core/factors/intensity-book.ts'
import type { Factor } from '../../../core/model/factor.ts'
import { ledger } from '../../../core/model/streams/index.ts'
import type { EnergyRow, LedgerRow } from '../../../core/model/streams/ledger.ts'
import { readValuesOf, type ValueSources } from '../../../processors/alert/values.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'
import { energyRow } from '../rate/energy-row.ts'
import { rateRows } from '../rate/rate-rows.ts'

export const NOON = Date.parse('2026-11-10T12:00:00Z') / 1000

export const SETTINGS = {
  factors: { zone: 'DE', pue: '1', intensity_g_per_kwh: '500' },
  tariffs: { currency: 'EUR', price_per_kwh: '0.25' },
  workloads: { rules: [{ match: {}, account: '${namespace}' }] },
}

/** 1 kWh. */
export const KWH = 3_600_000_000_000n

export interface RuleRig {
  readonly store: TestWarehouse
  /** Books energy as `rate` prices it; `WindowStart` counts minutes from noon. */
  book(rows: readonly Partial<EnergyRow>[], settings?: object): Promise<readonly LedgerRow[]>
  /** Of what is booked and of rules. */
  tenant: string
  /** The values of a rule. */
  values(rule: object, at?: number, tenant?: string): Promise<readonly AlertSample[]>
  /** Changes of state of a rule that is evaluated at some minutes, as `minute state labels`. */
  changes(rule: object, minutes: readonly number[]): Promise<readonly string[]>
  /** Intensities in force. */
  intensities: readonly Factor[]
  /** Of every reader of the log. */
  oldestPendingMs: number | null
  readonly settings: object
}

export async function openRuleRig(settings: object = SETTINGS): Promise<RuleRig> {
  const store = await openTestWarehouse()
  const config: Config = configSchema.parse(settings)
  const known = new Map<string, ReadonlyMap<string, AlertInstance>>()
  const read = readValuesOf({
    config,
    warehouse: store.warehouse,
    broker: {
      lag: async () => [
        { partition: 0, end: 9n, committed: 9n, oldestPendingMs: null },
        { partition: 1, end: 9n, committed: 9n, oldestPendingMs: rig.oldestPendingMs },
      ],
    },
    readers: [{ group: 'store', stream: 'ledger' }],
    books: async () => ({
      ...configuredBooks(configuredFactors(config)),
      intensities: new IntensityBook(rig.intensities, null),
    }),
    now: () => NOON * 1000,
  } satisfies ValueSources)
  const ruleOf = (rule: object, tenant: string) => {
    const alerts = { groups: [{ name: 'g', tenant, rules: [{ alert: 'Rule', ...rule }] }] }
    const [found] = ruleGroupsOf(configSchema.parse({ alerts }).alerts)[0]?.rules ?? []
    if (found === undefined) throw new Error('there is no rule')
    return found
  }
  const rig: RuleRig = {
    store,
    settings,
    tenant: 'default',
    intensities: [],
    oldestPendingMs: null,
    async book(rows, by = settings) {
      const minutes = rows.map(row =>
        energyRow({ Tenant: rig.tenant, ...row, WindowStart: NOON + (row.WindowStart ?? 0) * 60 }),
      )
      const entries = rateRows(createRate(configSchema.parse(by)), minutes)
      await store.insert(ledger, entries)
      return entries
    },
    values: (rule, at = NOON, tenant = rig.tenant) =>
      read(tenant, ruleOf(rule, tenant), at, new AbortController().signal),
    async changes(given, minutes) {
      const rule = ruleOf(given, rig.tenant)
      const id = JSON.stringify([rig.tenant, given])
      const said: string[] = []
      for (const minute of minutes) {
        const at = NOON + minute * 60
        const samples = await read(rig.tenant, rule, at, new AbortController().signal)
        const { instances, transitions } = evaluateRule(rule, known.get(id) ?? new Map(), samples, at)
        known.set(id, instances)
        const now = transitions.map(({ state, instance }) => {
          const { alertname: _, ...labels } = instance.labels
          return `${minute} ${state} ${Object.values(labels).join(' ')}`
        })
        said.push(...now.toSorted())
      }
      return said
    },
  }
  return rig
}

/** Minutes from `from` up to below `to`. */
export const minutes = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)
