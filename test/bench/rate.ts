/**
 * CPU time of `rate` for each entry, from an energy record's bytes to a ledger record's, beside rating row by row in exact
 * rationals (what the tests compare it with). The two take turns over the same record; medians are printed.
 *
 *   node test/bench/rate.ts
 */

import { configSchema } from '../../core/catalogue/config/schema.ts'
import { createRecordBuilder } from '../../core/columns/record-builder.ts'
import { readRecord } from '../../core/columns/record-reader.ts'
import { decodeRows, encodeRows } from '../../core/columns/rows.ts'
import { energy, ledger } from '../../core/model/streams/index.ts'
import { createRate } from '../../processors/rate/rate.ts'
import { energyRow } from '../processors/rate/energy-row.ts'
import { createRateByRows } from '../processors/rate/rate-by-rows.ts'
import { median } from './costs/process.ts'

const ROUNDS = 40
const rows = Array.from({ length: 5_000 }, (_, index) =>
  energyRow({
    Host: `host-${Math.floor(index / 100)}`,
    HostName: `host-${Math.floor(index / 100)}`,
    WorkloadId: `id-${index}`,
    WorkloadName: `name-${index % 100}`,
    Namespace: `ns-${index % 10}`,
    EnergyUj: BigInt(450_000_000 + index * 977),
    MemoryByteSeconds: 1_234_567_890n,
    Labels: { app: `app-${index % 100}`, tier: 'paid' },
  }),
)
const record = encodeRows(energy, rows)
const tariffs = { price_per_kwh: '0.25' }
const CONFIGS = {
  'carbon and energy': { factors: { zone: 'DE', pue: '1.2' }, tariffs },
  '20 price lists in three currencies': {
    factors: { zone: 'DE', pue: '1.2' },
    workloads: { rules: [{ match: { namespace: '*' }, account: '${namespace}' }] },
    tariffs: {
      ...tariffs,
      lists: Array.from({ length: 20 }, (_, index) => ({
        name: `list-${index}`,
        account: index < 10 ? `ns-${index}` : `ns-${index - 10}*`,
        currency: ['EUR', 'SEK', 'GBP'][index % 3],
        time_zone: 'Europe/Berlin',
        price_per_kwh: `0.${index + 1}`,
        bands: [{ from: '22:00', to: '06:00', price_per_kwh: '0.1' }],
      })),
    },
  },
  'and embodied emissions, resources': {
    factors: { zone: 'DE', pue: '1.2', embodied_kg: '1000' },
    tariffs: { ...tariffs, price_per_vcpu_hour: '0.02' },
  },
}

const usOfRow = (work: () => void): number => {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / rows.length
}

for (const [name, input] of Object.entries(CONFIGS)) {
  const config = configSchema.parse(input)
  const [rate, byRows, entries] = [createRate(config), createRateByRows(config), createRecordBuilder(ledger)]
  const [columns, exact]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    exact.push(usOfRow(() => encodeRows(ledger, byRows.rate(decodeRows(energy, record)))))
    columns.push(
      usOfRow(() => {
        rate.rate(readRecord(energy, record), entries)
        entries.finish()
      }),
    )
  }
  const [ours, theirs] = [median(columns), median(exact)]
  process.stdout.write(
    `${name}: ${ours.toFixed(2)} us an entry, row by row ${theirs.toFixed(2)}: x${(theirs / ours).toFixed(2)}\n`,
  )
}
