/**
 * `npm run chaos:restating [-- --kills 100 --seed 1]`: the ledger is restated by processes that are killed. Prints a line for every
 * kill, audit and finding; exits 1 on any finding.
 */
import { parseArgs } from '../../support/arguments.ts'
import { sinceStart } from '../../support/progress.ts'
import { killRestating } from './kills.ts'

const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } })
const [kills, seed] = [Number(values.kills ?? 100), Number(values.seed ?? 1)]
const { findings, scenes, halfway, corrections } = await killRestating(kills, seed, { note: sinceStart() })
process.stdout.write(
  `seed ${seed}: ${kills} kills, ${halfway} of them while restating, ${scenes} scenes, ${corrections} corrections\n`,
)
for (const finding of findings) process.stdout.write(`${finding}\n`)
process.stdout.write(
  findings.length === 0 ? 'nothing is missing or there twice\n' : `${findings.length} findings\n`,
)
process.exitCode = findings.length === 0 ? 0 : 1
