/**
 * `npm run test:kubernetes [-- --only plane,identity] [-- --keep] [-- --build]`: Wattline with a real Kubernetes control plane and a real KEDA. See
 * README.md. Exits 1 when a check fails.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from '../support/arguments.ts'
import { etcdProgram, helmPrograms, kedaPrograms, kubernetesPrograms } from './build/programs.ts'
import { chartLeg } from './legs/chart.ts'
import { kedaLeg, metricApisLeg } from './legs/doors.ts'
import { identityLeg, smallIdentityLeg } from './legs/identity.ts'
import { planeLeg } from './legs/plane.ts'
import { promqlLeg } from './legs/promql.ts'
import { startControlPlane } from './plane/control-plane.ts'
import { Report } from './report.ts'

const LEGS = {
  plane: planeLeg,
  identity: identityLeg,
  'small-identity': smallIdentityLeg,
  'metric-apis': metricApisLeg,
  keda: kedaLeg,
  promql: promqlLeg,
  chart: chartLeg,
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, keep: { type: 'boolean' }, build: { type: 'boolean' } },
})
if (values.build === true) {
  for (const build of [etcdProgram, kubernetesPrograms, helmPrograms, kedaPrograms]) await build()
  process.exit(0)
}
const chosen = values.only?.split(',') ?? Object.keys(LEGS).filter(name => name !== 'small-identity')
const unknown = chosen.filter(name => !(name in LEGS))
if (unknown.length > 0) throw new Error(`No leg ${unknown.join()}. There are ${Object.keys(LEGS).join()}.`)

// Programs end with the suite, also when it is interrupted.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const folder = mkdtempSync(join(tmpdir(), 'wattline-kubernetes-'))
const report = new Report()
const plane = await startControlPlane(join(folder, 'plane'))
try {
  for (const [name, leg] of Object.entries(LEGS)) {
    if (!chosen.includes(name)) continue
    process.stdout.write(`\n${name}\n`)
    await report.check(`leg ${name} runs to its end`, () => leg(plane, report))
  }
} finally {
  await plane.stop()
  if (values.keep === true) process.stdout.write(`kept ${folder}\n`)
  else rmSync(folder, { recursive: true, force: true })
}
process.exitCode = report.finish() ? 0 : 1
