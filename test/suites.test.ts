// Guarantees: a test that could start a process, the engine, Kafka or a browser is not a unit test, through however many
// imports it gets there; and what slips through is refused when it happens.
import { expect, it } from 'vitest'
import { importsOf, reaching, suites } from './support/suites.ts'

it('knows what is imported when a file runs', () => {
  const text = [
    "import 'a'",
    "import b from './b.ts'",
    "import {\n  type C,\n  c,\n} from '../c.ts'",
    "import type { D } from 'd'",
    "export * from './e.ts'",
    "export type { F } from 'f'",
    "const g = await import('./g.ts')",
  ].join('\n')
  expect(importsOf('x/y/z.ts', text)).toEqual(['a', 'x/y/b.ts', 'x/c.ts', 'x/y/e.ts', 'x/y/g.ts'])
})

it('follows chains of imports, and circles', () => {
  const imports = new Map([
    ['near', ['engine']],
    ['far', ['near', 'pure']],
    ['circle', ['circle too']],
    ['circle too', ['circle', 'far']],
    ['pure', ['node:fs']],
  ])
  expect([...reaching(['engine'], imports)].toSorted()).toEqual([
    'circle',
    'circle too',
    'engine',
    'far',
    'near',
  ])
})

it('puts every test into one suite', () => {
  const { unit, integration, proofs } = suites()
  const all = [...unit, ...integration, ...proofs]
  expect(new Set(all).size).toBe(all.length)
  expect(unit).toContain('test/suites.test.ts')
  expect(unit).toContain('test/imports.test.ts')
  expect(integration).toContain('test/e2e/lifecycle.test.ts')
  expect(integration).toContain('test/query/usage/service.test.ts')
  expect(proofs.every(path => path.startsWith('test/proofs/'))).toBe(true)
  expect(unit.length).toBeGreaterThan(100)
})

it('refuses to start a process in a unit test', async () => {
  // A name that is put together is not seen among the imports.
  const { spawn } = (await import(['node', 'child_process'].join(':'))) as typeof import('node:child_process')
  expect(() => spawn('true')).toThrow('A unit test must not start a process (true)')
})
