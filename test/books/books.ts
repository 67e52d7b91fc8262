/**
 * 100,000 random host minutes: what the meter booked as readings came, beside the books of all readings at once, row by row.
 *
 *   npm run books -- --minutes 100000 --seed 1
 *
 *   npm run books -- --late 5 --hosts 100 --seed 1
 *
 * With \`--late\`, that percentage of the readings comes one to fifteen minutes late, some clocks jump, and the ledger is
 * compared once it is restated. Prints what was compared; ends with 1 at the first difference, and says how to see it again.
 */
import { parseArgs } from '../support/arguments.ts'
import { compareScene, HOSTS, MINUTES, textOf } from './compared.ts'
import { restateLate } from './late-books.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    late: { type: 'string' },
    hosts: { type: 'string', default: '100' },
  },
})

if (values.late !== undefined) await compareRestated(Number(values.late))

const wanted = Number(values.minutes)
let [minutes, rows, late, seed] = [0, 0, 0, Number(values.seed)]
while (minutes < wanted) {
  const found = compareScene(seed, HOSTS, MINUTES)
  minutes += found.minutes
  rows += found.rows
  late += found.late
  if (found.difference !== null) {
    const { host, metered, right } = found.difference
    process.stdout.write(
      `Host ${host} differs. See it again by: npm run books -- --minutes 1 --seed ${seed}\n` +
        `The meter booked:\n${textOf(metered)}\nRight is:\n${textOf(right)}\n`,
    )
    process.exit(1)
  }
  seed += 1
}
process.stdout.write(
  `${minutes} host minutes and ${rows} rows are equal; ${late} more are of hosts with late data.\n`,
)

async function compareRestated(percent: number): Promise<never> {
  const [seed, hosts] = [Number(values.seed), Number(values.hosts)]
  const found = await restateLate(seed, { hosts, minutes: MINUTES, percent })
  process.stdout.write(
    `${found.readings} readings of ${found.hostMinutes} host minutes, ${found.late} of them late: ` +
      `${found.wrongBefore} rows were wrong or missing, ${found.corrections} corrections, ` +
      `${found.wrong.length} rows are wrong or missing now.\n${found.wrong.map(row => `${row}\n`).join('')}`,
  )
  process.exit(found.wrong.length === 0 ? 0 : 1)
}
