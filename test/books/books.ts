/**
 * 100,000 random host minutes: what the meter booked as readings came, beside the books of all readings at once, row by row.
 *
 *   npm run books -- --minutes 100000 --seed 1
 *
 * Prints what was compared; ends with 1 at the first difference, and says how to see it again.
 */
import { parseArgs } from 'node:util'
import { compareScene, HOSTS, MINUTES, textOf } from './compared.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})

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
