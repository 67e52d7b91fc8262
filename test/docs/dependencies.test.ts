// Guarantees: docs/dependencies.md names exactly the dependencies, with their licences.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const manifest = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>
const rows = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)]

it('names exactly the dependencies', () => {
  const named = rows.map(([, name]) => name).toSorted()
  const used = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)].toSorted()
  expect(named).toEqual(used)
})

it('gives the licence that each package declares', () => {
  for (const [, name, licence] of rows) {
    const { license } = JSON.parse(read(`node_modules/${name}/package.json`)) as { license: string }
    expect(`${name}: ${licence}`).toBe(`${name}: ${license}`)
  }
})
