// Guarantees: what the pages point at exists: every relative link with its heading, and every file that they name.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { repositoryFiles } from '../support/repository.ts'

const files = repositoryFiles()
const pages = files.filter(path => path.endsWith('.md'))
const textOf = (path: string): string => readFileSync(path, 'utf8')

/** Headings as anchors, as GitHub makes them. */
const anchorsOf = (path: string): string[] =>
  [...textOf(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

const isDead = (page: string, target: string): boolean => {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(file)) return true
  return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor)
}

it('links lead somewhere', () => {
  const links = pages.flatMap(page =>
    [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({ page, target: target! })),
  )
  expect(links.length).toBeGreaterThan(20)
  const relative = links.filter(({ target }) => !/^[a-z]+:/.test(target))
  expect(relative.filter(({ page, target }) => isDead(page, target))).toEqual([])
})

it('files that are named exist', () => {
  const named = pages.flatMap(page =>
    [...textOf(page).matchAll(/`([\w./-]+\.(?:ts|tsx|css|cjs|md))`/g)].map(([, name]) => ({
      page,
      name: name!,
    })),
  )
  expect(named.length).toBeGreaterThan(50)
  const exists = (page: string, name: string): boolean =>
    existsSync(join(dirname(page), name)) || files.some(path => path === name || path.endsWith(`/${name}`))
  expect(named.filter(({ page, name }) => !exists(page, name))).toEqual([])
})
