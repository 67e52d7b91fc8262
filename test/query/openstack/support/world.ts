/** A tenant with two VMs, their compute node and a service, another tenant with the same, and what is known of them. */
import { ledger, metricPoints } from '../../../../core/model/streams/index.ts'
import { type Api, openApi } from '../../prometheus/support/api.ts'
import { nanoS, pointRow, seriesRows } from '../../prometheus/support/points.ts'
import { ledgerRow, unixSeconds } from '../../support/rows.ts'

/** Start of an hour. */
export const START = unixSeconds('2026-11-20T12:00:00Z')
/** The service has not reported for more than an hour. */
export const NOW_MS = (START + 3_602) * 1000
export const VM = '57f2d45e-8ddf-4338-91df-62d0044ff1b5'
export const VM2 = '67f2d45e-8ddf-4338-91df-62d0044ff1b5'
export const PROJECT = '894c48b5bc4247c3a1841e5ff43d0d88'

/** CPU time of the VM: uneven steps of 20 s, so that every method gives another value. */
export const CPU_VALUES = [100, 130, 160, 400, 410, 425, 500, 900, 1_000]
export const CPU_STEP_S = 20

/** A sample as Ceilometer's publisher leaves it in the tables. */
const sampleOf = (name: string, unit: string, resource: string, project: string, tenant: string) => ({
  Tenant: tenant,
  MetricName: name.replaceAll('.', '_'),
  ServiceName: 'ceilometer',
  Labels: JSON.stringify({ project_id: project, resource_id: resource, user_id: 'u1' }),
  Resource: '{"service.name":"ceilometer","host.name":"cmp001"}',
  Meta: JSON.stringify({ description: `${name} unit:${unit}`, unit }),
})

/** Minutes of the ledger: energy in µJ and cost by minute. */
export const MINUTES = [1_500_000, 2_250_001, 3_000_000]

function ledgerOf(tenant: string, vm: string, account: string, factor: number) {
  return MINUTES.map((uj, minute) =>
    ledgerRow({
      Tenant: tenant,
      Host: 'cmp001',
      WindowStart: START + minute * 60,
      WorkloadKind: 'vm',
      WorkloadId: vm,
      WorkloadName: `name-${account}`,
      Account: account,
      EnergyUj: BigInt(uj * factor),
      CpuUs: BigInt(factor) * 18_000_000n,
      CarbonOperationalUg: BigInt(uj * factor),
      CostEnergyNano: BigInt(uj * factor) * 3n,
      CostResourceNano: minute === 0 ? 7n : null,
      EntryId: `${tenant}-${vm}-${minute}`,
    }),
  )
}

interface WorldOptions extends Partial<Parameters<typeof openApi>[0]> {
  /** Only what a caller of tenant `default` may see who is limited to account `web`, or who is not; default all. */
  readonly only?: 'tenant' | 'web'
}

export async function openWorld({ only, ...options }: WorldOptions = {}): Promise<Api> {
  const api = await openApi({ nowMs: NOW_MS, ...options })
  if (only === 'web') {
    await api.store.insert(ledger, ledgerOf('default', VM, 'web', 1))
    return api
  }
  const tenants = [
    ['default', 1],
    ['other', 10],
  ] as const
  for (const [tenant, factor] of only === 'tenant' ? tenants.slice(0, 1) : tenants) {
    const scaled = (values: readonly number[]): readonly number[] => values.map(value => value * factor)
    await api.store.insert(metricPoints, [
      ...seriesRows(
        { startS: START, stepS: CPU_STEP_S, values: scaled(CPU_VALUES) },
        { ...sampleOf('cpu', 'ns', VM, PROJECT, tenant), Kind: 1 },
      ),
      ...seriesRows(
        { startS: START, stepS: 60, values: scaled([1024, 2048]) },
        sampleOf('memory.usage', 'MB', VM, PROJECT, tenant),
      ),
      ...seriesRows(
        { startS: START, stepS: 60, values: scaled([10, 20]) },
        sampleOf('memory.usage', 'MB', VM2, 'p2', tenant),
      ),
      ...seriesRows(
        { startS: START, stepS: 60, values: scaled([212.5, 214]) },
        sampleOf('hardware.ipmi.node.power', 'W', 'cmp001', '', tenant),
      ),
      pointRow({
        Tenant: tenant,
        MetricName: 'queue_length',
        Labels: '{"queue":"in/out"}',
        Value: factor,
        TimeUnix: nanoS(START + 1),
      }),
    ])
    await api.store.insert(ledger, [
      ...ledgerOf(tenant, VM, tenant === 'default' ? 'web' : 'secret', factor),
      ...ledgerOf(tenant, VM2, tenant === 'default' ? 'mobile' : 'secret', 2 * factor),
    ])
  }
  return api
}
