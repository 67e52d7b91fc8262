/**
 * `npm run chaos -- [--kills 500] [--seed N] [--without-repair]`: kills a loaded process with SIGKILL again and again and
 * audits what it stored. `--without-repair` runs the same with the engine's deduplication logs left as the crash left
 * them: it shows what the repair is for, and is expected to find lost records (exit 0 when it did).
 */
import { parseArgs } from 'node:util'
import { runCrashes } from './crash.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'audit-every': { type: 'string', default: '25' },
    'without-repair': { type: 'boolean', default: false },
  },
})

const withoutRepair = values['without-repair']
process.stdout.write(`seed ${values.seed}${withoutRepair ? ', without the token repair' : ''}\n`)
const started = Date.now()
const result = await runCrashes({
  kills: Number(values.kills),
  seed: Number(values.seed),
  auditEvery: Number(values['audit-every']),
  stopAtFinding: true,
  ...(withoutRepair ? { entry: new URL('without-repair.ts', import.meta.url).pathname } : {}),
  log: line => process.stdout.write(`${new Date().toISOString()} ${line}\n`),
})
const minutes = ((Date.now() - started) / 60_000).toFixed(1)
process.stdout.write(
  `${result.kills} kills in ${minutes} min, ${result.acknowledgedSpans} spans in ${result.acknowledgedBatches} batches acknowledged, ${result.findings.length} findings\n`,
)
process.exit(result.findings.length > 0 === withoutRepair ? 0 : 1)
