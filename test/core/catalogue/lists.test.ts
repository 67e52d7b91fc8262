// Guarantees: an index contains every entry of the lists of its stages, and no name is declared by two of them.
import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ERRORS } from '../../../core/catalogue/errors/errors.ts'
import { EVENTS } from '../../../core/catalogue/events/events.ts'
import { FIXED_LIMITS, LIMITS } from '../../../core/catalogue/limits/limits.ts'

const CATALOGUES = [
  { folder: 'errors', suffix: '_ERRORS', index: ERRORS },
  { folder: 'events', suffix: '_EVENTS', index: EVENTS },
  { folder: 'limits', suffix: '_LIMITS', index: LIMITS },
  { folder: 'limits', suffix: '_BOUNDS', index: FIXED_LIMITS },
]

it.each(CATALOGUES)('$folder: the index is the sum of all *$suffix', async ({ folder, suffix, index }) => {
  const place = new URL(`../../../core/catalogue/${folder}/`, import.meta.url)
  const names: string[] = []
  for (const file of readdirSync(place).filter(name => name !== `${folder}.ts`)) {
    const exported = (await import(new URL(file, place).href)) as Record<string, object>
    for (const [name, list] of Object.entries(exported)) {
      if (name.endsWith(suffix)) names.push(...Object.keys(list))
    }
  }
  expect(names.length).toBeGreaterThan(0)
  expect(names.toSorted()).toEqual(Object.keys(index).toSorted())
})
