/**
 * `npm run chaos:billing [-- --kills 100 --seed 1]`: closes months in processes that are killed. Prints a line for every kill, audit
 * and finding; exits 1 on any difference.
 */
import { parseArgs } from '../../support/arguments.ts'
import { sinceStart } from '../../support/progress.ts'
import { killClosings } from './kills.ts'

const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } })
const [kills, seed] = [Number(values.kills ?? 100), Number(values.seed ?? 1)]
const { findings, months, halfway } = await killClosings(kills, seed, { note: sinceStart() })
process.stdout.write(`seed ${seed}: ${kills} kills, ${halfway} of them between bills, ${months} months\n`)
for (const finding of findings) process.stdout.write(`${finding}\n`)
process.stdout.write(
  findings.length === 0 ? 'nothing is missing, twice or changed\n' : `${findings.length} differences\n`,
)
process.exitCode = findings.length === 0 ? 0 : 1
