/**
 * SCI (ISO/IEC 21031) by the product against the Impact Framework, the reference implementation of the Green Software Foundation:
 *
 *   npm run sci [-- --record]
 *
 * Installs @grnsft/if with npm into a temporary folder, runs its `if-run` with a manifest of all cases and the plug-ins that were once
 * called sci-e (Sum, Multiply), sci-o (Multiply), sci-m (SciEmbodied) and sci (Sci), and compares. `--record` writes what it
 * answered to recorded.json, which the unit test compares with.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { entryOf, SCI_CASES, type SciCase, sciOf, toleranceOf } from './cases.ts'

const VERSION = '1.1.0'
const SECONDS_PER_YEAR = 365 * 24 * 3600
const PIPELINE = ['facility-energy', 'operational', 'embodied', 'carbon', 'sci']

const inputOf = (one: SciCase) => ({
  timestamp: '2026-01-01T12:00:00.000Z',
  duration: 60,
  'energy-it': Number(one.energyUj) / 3.6e12,
  pue: Number(one.pue),
  'grid-intensity': Number(one.gramsPerKwh),
  'usage-ratio': Number(one.cpuUs) / Number(one.capacityUs),
  requests: one.requests,
})

const builtin = (method: string, config: Readonly<Record<string, unknown>>) => ({
  path: 'builtin',
  method,
  config,
})

/** Embodied emissions are settings of a plug-in: each case has its own. */
const pluginsOf = (one: SciCase, index: number) => ({
  [`embodied-${index}`]: builtin('SciEmbodied', {
    'baseline-emissions': Number(one.embodiedKg) * 1_000,
    lifespan: Number(one.lifespanYears) * SECONDS_PER_YEAR,
    'output-parameter': 'carbon-embodied',
  }),
})

const manifest = {
  name: 'sci',
  initialize: {
    plugins: {
      'facility-energy': builtin('Multiply', {
        'input-parameters': ['energy-it', 'pue'],
        'output-parameter': 'energy',
      }),
      operational: builtin('Multiply', {
        'input-parameters': ['energy', 'grid-intensity'],
        'output-parameter': 'carbon-operational',
      }),
      carbon: builtin('Sum', {
        'input-parameters': ['carbon-operational', 'carbon-embodied'],
        'output-parameter': 'carbon',
      }),
      sci: builtin('Sci', { 'functional-unit': 'requests' }),
      ...Object.assign({}, ...SCI_CASES.map(pluginsOf)),
    },
  },
  tree: {
    children: Object.fromEntries(
      SCI_CASES.map((one, index) => [
        `case-${index}`,
        {
          pipeline: { compute: PIPELINE.map(name => (name === 'embodied' ? `embodied-${index}` : name)) },
          inputs: [inputOf(one)],
        },
      ]),
    ),
  },
}

interface Answer {
  readonly tree: {
    readonly children: Readonly<Record<string, { readonly outputs: readonly { readonly sci: number }[] }>>
  }
}

const folder = mkdtempSync(join(tmpdir(), 'wattline-sci-'))
try {
  const options = { cwd: folder, stdio: 'pipe' } as const
  writeFileSync(join(folder, 'package.json'), '{"private": true}')
  execFileSync(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', `@grnsft/if@${VERSION}`],
    options,
  )
  writeFileSync(join(folder, 'cases.yaml'), stringify(manifest))
  execFileSync(join(folder, 'node_modules', '.bin', 'if-run'), ['-m', 'cases.yaml', '-o', 'answer'], options)
  const answer = parse(readFileSync(join(folder, 'answer.yaml'), 'utf8')) as Answer
  const theirs = SCI_CASES.map((_, index) => answer.tree.children[`case-${index}`]!.outputs[0]!.sci)
  let failures = 0
  for (const [index, one] of SCI_CASES.entries()) {
    const ours = sciOf(entryOf(one), one.requests)
    const isEqual = Math.abs(ours - theirs[index]!) <= toleranceOf(one)
    if (!isEqual) failures += 1
    console.log(
      `${isEqual ? 'equal ' : 'DIFFER'} ${one.name}: ${ours} g, Impact Framework ${theirs[index]} g`,
    )
  }
  if (process.argv.includes('--record')) {
    const recorded = {
      package: `@grnsft/if@${VERSION}`,
      sci: Object.fromEntries(SCI_CASES.map(({ name }, index) => [name, theirs[index]])),
    }
    writeFileSync(new URL('recorded.json', import.meta.url), `${JSON.stringify(recorded, null, 2)}\n`)
  }
  process.exitCode = failures > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
