/**
 * Which suite a test file belongs to. The imports decide, so that there is nothing to declare or to keep up to date:
 *
 * - `proofs`: what lies in `test/proofs`, proofs too expensive for every `npm test`;
 * - `integration`: tests that reach a module of {@link HEAVY} through any chain of imports;
 * - `unit`: all others. They need no other process, no engine, no Kafka and no browser.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { repositoryFiles } from './repository.ts'

export type Suite = 'unit' | 'integration' | 'proofs'

/** Modules that start processes, the embedded engine, a browser, or clients of a running Kafka. */
const HEAVY = ['chdb', 'esbuild', 'kafkajs', 'node:child_process', 'playwright-core']

/** Asks git for a list of files and ends: it may be used anywhere. */
const LIGHT = 'test/support/repository.ts'

const STATIC = /^\s*(?:import|export)\s+(?!type\s)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
const DYNAMIC = /(?<!typeof )\bimport\(\s*['"]([^'"]+)['"]/g

/** The runtime imports of a source: paths from the root, packages as written. Types are not imports. */
export const importsOf = (path: string, text: string): readonly string[] =>
  [STATIC, DYNAMIC]
    .flatMap(pattern => [...text.matchAll(pattern)])
    .map(([, to = '']) => (to.startsWith('.') ? join(dirname(path), to) : to))

/** Every file from which a chain of imports leads to one of the targets. */
export function reaching(
  targets: readonly string[],
  imports: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const importers = new Map<string, string[]>()
  for (const [from, all] of imports) {
    for (const to of all) importers.set(to, [...(importers.get(to) ?? []), from])
  }
  const found = new Set(targets)
  for (const target of found) for (const importer of importers.get(target) ?? []) found.add(importer)
  return found
}

/** The test files of each suite, from the imports of the whole repository. */
export function suites(): Readonly<Record<Suite, readonly string[]>> {
  const sources = repositoryFiles('*.ts', '*.tsx', '*.cjs').filter(path => path !== LIGHT && existsSync(path))
  const imports = new Map(sources.map(path => [path, importsOf(path, readFileSync(path, 'utf8'))]))
  const heavy = reaching(HEAVY, imports)
  const suiteOf = (path: string): Suite =>
    path.startsWith('test/proofs/') ? 'proofs' : heavy.has(path) ? 'integration' : 'unit'
  const tests = sources.filter(path => path.endsWith('.test.ts'))
  return {
    unit: tests.filter(path => suiteOf(path) === 'unit'),
    integration: tests.filter(path => suiteOf(path) === 'integration'),
    proofs: tests.filter(path => suiteOf(path) === 'proofs'),
  }
}
