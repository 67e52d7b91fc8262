// Guarantees: the reference pages and the catalogues in the code agree, both ways.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { referencePages } from '../../docs/reference/pages.ts'

const folder = new URL('../../docs/reference/', import.meta.url)

it.each([...referencePages()])('%s matches its catalogue (otherwise: npm run docs)', (name, text) => {
  expect(readFileSync(new URL(name, folder), 'utf8')).toBe(text)
})

it('has no page without a catalogue', () => {
  const pages = readdirSync(folder).filter(name => name.endsWith('.md') && name !== 'routes.md')
  const rendered = [...referencePages().keys()].filter(name => !name.startsWith('../'))
  expect(pages.toSorted()).toEqual(rendered.toSorted())
})
