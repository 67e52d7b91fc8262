// Guarantees: a folder with more than a few files is described in its own README or that of a folder above it; and
// every decision has a date and a status.
import { readFileSync } from 'node:fs'
import { basename, dirname, relative } from 'node:path'
import { expect, it } from 'vitest'
import { repositoryFiles } from '../support/repository.ts'

const FEW = 5
const files = repositoryFiles()
const read = (path: string): string => readFileSync(path, 'utf8')

/** Folders above a folder, the nearest first, without the root. */
function above(folder: string): string[] {
  const parent = dirname(folder)
  return parent === '.' ? [] : [parent, ...above(parent)]
}

const isDescribed = (folder: string): boolean =>
  files.includes(`${folder}/README.md`) ||
  above(folder).some(
    parent =>
      files.includes(`${parent}/README.md`) &&
      [relative(parent, folder), basename(folder)].some(name =>
        read(`${parent}/README.md`).includes(`${name}/`),
      ),
  )

it('describes every folder of more than five files', () => {
  const counts = new Map<string, number>()
  // Tests mirror the source; pages are found from README.md and each other, decisions by their number.
  for (const path of files.filter(one => !/^(test|docs)\/|^[^/]*$|^\./.test(one))) {
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
  }
  const large = [...counts].filter(([, count]) => count > FEW).map(([folder]) => folder)
  expect(large.length).toBeGreaterThan(20)
  expect(large.filter(folder => !isDescribed(folder))).toEqual([])
})

it('dates every decision and says whether it holds', () => {
  const decisions = files.filter(path => path.startsWith('docs/adr/'))
  expect(decisions.length).toBeGreaterThan(30)
  const line =
    /^# \d+\. .+\n\nDate: \d{4}-\d\d-\d\d\. Status: (accepted|superseded by \[\d+\]\([\w.-]+\))[.;]/
  expect(decisions.filter(path => !line.test(read(path)))).toEqual([])
})
