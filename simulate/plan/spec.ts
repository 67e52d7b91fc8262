/** `hosts=100000,spans=10e6`: the demand of a plan as text. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { DEFAULT_DEMAND, type Demand } from './sheet.ts'

const KEYS: Readonly<Record<string, { readonly field: keyof Demand; readonly least: number }>> = {
  hosts: { field: 'hosts', least: 0 },
  workloads: { field: 'workloads', least: 0 },
  interval: { field: 'intervalSeconds', least: 1 },
  spans: { field: 'spansPerSecond', least: 0 },
  signals_days: { field: 'signalsDays', least: 1 },
  ledger_days: { field: 'ledgerDays', least: 1 },
  replication: { field: 'replication', least: 1 },
  replicas: { field: 'replicas', least: 1 },
  log_hours: { field: 'logHours', least: 0.1 },
  wait: { field: 'waitSeconds', least: 0.001 },
  partitions: { field: 'partitions', least: 0 },
  host_partitions: { field: 'hostPartitions', least: 0 },
}
const PLAN_KEYS = Object.keys(KEYS)

/** @throws WattlineError `parameter_invalid` for an unknown key, or a value that is not a number. */
export function parseDemand(text: string): Demand {
  const demand: Record<keyof Demand, number> = { ...DEFAULT_DEMAND }
  for (const pair of text.split(',').filter(part => part.trim() !== '')) {
    const [name = '', written = ''] = pair.split('=').map(part => part.trim())
    const key = KEYS[name]
    if (key === undefined) {
      throw new WattlineError(
        'parameter_invalid',
        `--plan has no key \`${name}\`. Use ${PLAN_KEYS.join(', ')}.`,
      )
    }
    const value = Number(written)
    if (written === '' || !Number.isFinite(value) || value < key.least) {
      throw new WattlineError(
        'parameter_invalid',
        `--plan ${name}=${written} is not a number of at least ${key.least}, such as 10e6.`,
      )
    }
    demand[key.field] = value
  }
  return demand
}
