/** Energy by host of the last day, with docs/client/client.ts: `npx node docs/client/example.ts http://127.0.0.1:9288`. */
import { WattlineProblem, wattline } from './client.ts'

const client = wattline(process.argv[2] ?? 'http://127.0.0.1:9288', process.env['WATTLINE_TOKEN'])
try {
  const { rows, total } = await client.usage({ window: '24h', group_by: 'host' })
  for (const { group, energy_uj } of rows)
    console.log(group['host'], Number(BigInt(energy_uj) / 1_000n) / 1_000, 'J')
  console.log('total', Number(BigInt(total.energy_uj) / 1_000n) / 1_000, 'J')
  const { data } = await client.allocation({ window: 'today', aggregate: 'node', includeIdle: true })
  console.log(Object.keys(data[0] ?? {}).length, 'allocations today')
} catch (error) {
  if (!(error instanceof WattlineProblem)) throw error
  console.error(error.code, error.message)
  process.exitCode = 1
}
