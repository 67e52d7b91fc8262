/** Holds the ledger against what the scenario knows: who owned each container, what its control group counted, what the meters showed. */
import type { Arrival } from '../../../books/scenes.ts'
import type { Rig } from '../../../processors/recompute/rig.ts'
import type { Report } from '../../report.ts'
import type { Truth } from './cluster.ts'
import type { MadeUpNode } from './node.ts'

interface Facts {
  readonly arrivals: readonly Arrival[]
  readonly truth: ReadonlyMap<string, Truth>
  readonly nodes: readonly MadeUpNode[]
  readonly minutes: number
}

const OWNER = `Labels['k8s.owner.kind'] || '.' || Labels['k8s.owner.name']`
const LEDGER = 'wattline.ledger'

export async function checkBooks(
  rig: Rig,
  report: Report,
  { arrivals, truth, nodes, minutes }: Facts,
): Promise<void> {
  await report.check('all readings go through meter, rate, store and recompute', async () => {
    await rig.deliver(arrivals)
    const before = await one(
      rig,
      `SELECT toFloat64(countIf(Namespace = '' AND WorkloadKind = 'container')) AS n FROM ${LEDGER}`,
    )
    await rig.settle()
    const corrections = await one(
      rig,
      `SELECT toFloat64(count()) AS n FROM ${LEDGER} WHERE EntryKind = 'correction'`,
    )
    if (before === 0) throw new Error('every container had its name at once: the outage showed nothing')
    return `${arrivals.length} readings; ${before} rows without a name at first, ${corrections} corrections`
  })
  await report.check('the energy of every node is what its meter counted, to the microjoule', () =>
    conserved(rig, nodes, minutes),
  )
  await report.check('every joule of a container has its namespace, owner and account', () =>
    named(rig, truth),
  )
  await report.check('no joule stands under two names', () => once(rig))
  await report.check(
    'CPU time of every container is what its control group counted, and nothing is unattributed',
    () => cpu(rig, arrivals),
  )
  await report.check('what was reserved stands beside it', () => reserved(rig))
}

async function one(rig: Rig, statement: string): Promise<number> {
  const [row] = await rig.store.warehouse.query<{ n: number }>(statement)
  return row?.n ?? 0
}

async function conserved(rig: Rig, nodes: readonly MadeUpNode[], minutes: number): Promise<string> {
  const rows = await rig.store.warehouse.query<{ host: string; uj: string; minutes: number }>(
    `SELECT Host AS host, toString(sum(EnergyUj)) AS uj, toFloat64(uniqExact(WindowStart)) AS minutes FROM ${LEDGER} GROUP BY host`,
  )
  const byHost = new Map(rows.map(row => [row.host, row]))
  for (const node of nodes) {
    // The first sample comes with the first step: what was before it is not counted.
    const counted = node.uj - node.firstUj
    const booked = Number(byHost.get(node.machineId)?.uj ?? 0)
    if (booked !== counted) throw new Error(`${node.name}: ${booked} µJ booked, ${counted} µJ counted`)
  }
  if (rows.length !== nodes.length) throw new Error(`${rows.length} hosts instead of ${nodes.length}`)
  return `${nodes.length} nodes, ${minutes} minutes`
}

async function named(rig: Rig, truth: ReadonlyMap<string, Truth>): Promise<string> {
  const rows = await rig.store.warehouse.query<{
    id: string
    namespace: string
    owner: string
    pod: string
    account: string
    uj: string
  }>(
    `SELECT WorkloadId AS id, Namespace AS namespace, ${OWNER} AS owner, Labels['k8s.pod.name'] AS pod, Account AS account,
       toString(sum(EnergyUj)) AS uj
     FROM ${LEDGER} WHERE WorkloadId != '' GROUP BY ALL HAVING sum(EnergyUj) != 0 OR sum(CpuUs) != 0`,
  )
  const wrong: string[] = []
  for (const { id, namespace, owner, pod, account, uj } of rows) {
    const right = truth.get(id)
    if (right === undefined) {
      wrong.push(`${id} is no container, ${uj} µJ`)
      continue
    }
    const rightOwner = right.owner === 'Pod.none' ? '.' : right.owner
    const [, name = ''] = rightOwner.split('.')
    const rightAccount = right.namespace === 'lab' && name !== '' ? name : `team-${right.namespace}`
    if (
      namespace !== right.namespace ||
      owner !== rightOwner ||
      pod !== right.pod ||
      account !== rightAccount
    )
      wrong.push(
        `${id.slice(0, 8)} ${uj} µJ: ${namespace} ${owner} ${pod} ${account}, should be ${right.namespace} ${rightOwner} ${right.pod} ${rightAccount}`,
      )
  }
  if (wrong.length > 0)
    throw new Error(`${wrong.length} of ${rows.length} are wrong:\n${wrong.slice(0, 10).join('\n')}`)
  const seen = new Set(rows.map(({ id }) => id))
  const missing = [...truth.keys()].filter(id => !seen.has(id))
  if (missing.length > truth.size / 100)
    throw new Error(`${missing.length} of ${truth.size} containers have no energy`)
  return `${seen.size} containers and sandboxes of ${new Set(rows.map(({ owner }) => owner)).size} owners`
}

async function once(rig: Rig): Promise<string> {
  const rows = await rig.store.warehouse.query<{ id: string; names: number }>(
    `SELECT WorkloadId AS id, toFloat64(count()) AS names FROM (
       SELECT WorkloadId, Component, Namespace, ${OWNER} AS owner, Account, WorkloadName, Labels['k8s.pod.uid'] AS uid
       FROM ${LEDGER} WHERE WorkloadId != '' GROUP BY ALL HAVING sum(EnergyUj) != 0)
     GROUP BY id, Component HAVING names > 1`,
  )
  if (rows.length > 0)
    throw new Error(`${rows.length} containers have energy under several names, such as ${rows[0]?.id}`)
  return 'none'
}

async function cpu(rig: Rig, arrivals: readonly Arrival[]): Promise<string> {
  // Containers that were there at the first step begin with what they had used by then, others with 0.
  const first = new Map<string, bigint>()
  const last = new Map<string, bigint>()
  for (const { row } of arrivals) {
    if (row.WorkloadKind !== 'container' || row.Quantity !== 'cpu_time') continue
    const { WorkloadId: id, Value: us } = row
    if (us < (first.get(id) ?? us + 1n)) first.set(id, us)
    if (us > (last.get(id) ?? -1n)) last.set(id, us)
  }
  const counted = (id: string): bigint => (last.get(id) ?? 0n) - (first.get(id) ?? 0n)
  const rows = await rig.store.warehouse.query<{ id: string; us: string }>(
    `SELECT WorkloadId AS id, toString(sum(CpuUs)) AS us FROM ${LEDGER} WHERE WorkloadId != '' GROUP BY id`,
  )
  const wrong = rows.filter(({ id, us }) => BigInt(us) !== counted(id))
  if (wrong.length > 0) {
    const [{ id, us } = { id: '', us: '' }] = wrong
    throw new Error(`${wrong.length} of ${rows.length}, such as ${id}: ${us} instead of ${counted(id)} µs`)
  }
  const left = await one(
    rig,
    `SELECT toFloat64(sum(EnergyUj)) AS n FROM ${LEDGER} WHERE Share = 'unattributed'`,
  )
  if (left !== 0) throw new Error(`${left} µJ are unattributed`)
  return `${rows.length} containers`
}

async function reserved(rig: Rig): Promise<string> {
  const [row] = await rig.store.warehouse.query<{ cores: number; without: number }>(
    `SELECT sum(us) / 1e6 / 60 AS cores, toFloat64(countIf(us = 0)) AS without FROM (
       SELECT WorkloadId, sum(CpuRequestUs) AS us FROM ${LEDGER}
       WHERE Labels['k8s.container.name'] = 'main' GROUP BY WorkloadId)`,
  )
  if (row === undefined || row.without > 0)
    throw new Error(`${row?.without} containers have reserved nothing`)
  return `${Math.round(row.cores)} core-minutes`
}
