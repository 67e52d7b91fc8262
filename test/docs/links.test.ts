// Guarantees: the targets of pages and comments exist: every relative link with its heading, and every file they name.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { repositoryFiles } from '../support/repository.ts'

const files = repositoryFiles()
const pages = files.filter(path => path.endsWith('.md'))
const textOf = (path: string): string => readFileSync(path, 'utf8')

/** Headings as anchors, as GitHub generates them. */
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

it('links have existing targets', () => {
  const links = pages.flatMap(page =>
    [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({ page, target: target! })),
  )
  expect(links.length).toBeGreaterThan(20)
  const relative = links.filter(({ target }) => !/^[a-z]+:/.test(target))
  expect(relative.filter(({ page, target }) => isDead(page, target))).toEqual([])
})

/** From the root, from the file that names it, or anywhere by the end of its path. */
const exists = (from: string, name: string): boolean =>
  existsSync(name) || existsSync(join(dirname(from), name)) || files.some(path => path.endsWith(`/${name}`))

it('mentioned files exist', () => {
  const named = pages.flatMap(page =>
    [...textOf(page).matchAll(/`([\w./-]+\.(?:ts|tsx|css|cjs|md))`/g)].map(([, name]) => ({
      page,
      name: name!,
    })),
  )
  expect(named.length).toBeGreaterThan(50)
  expect(named.filter(({ page, name }) => !exists(page, name))).toEqual([])
})

/** Comments of a source. In quotes or after a colon, as in an address, none begins. */
const commentsIn = (text: string): string[] =>
  [...text.matchAll(/\/\*[\s\S]*?\*\/|(?<![:'"`\w])\/\/[^\n]*/g)].map(([comment]) => comment)

const NAMED_FILE = /(?<![\w./@*{}<>-])(?:[\w.-]+\/)*[\w.-]*[\w-]\.(?:ts|tsx|cjs|md|css|wasm)\b(?![\w.])/g

it('files and folders mentioned in comments exist', () => {
  const tops = new Set(files.filter(path => path.includes('/')).map(path => path.split('/')[0]!))
  const namedPath = new RegExp(`(?<![\\w./@-])(?:${[...tops].join('|')})/[\\w./-]*\\w`, 'g')
  const named = files
    .filter(path => /\.(ts|tsx|cjs)$/.test(path))
    .flatMap(source =>
      commentsIn(textOf(source)).flatMap(comment =>
        [...comment.matchAll(NAMED_FILE), ...comment.matchAll(namedPath)].map(([name]) => ({ source, name })),
      ),
    )
  expect(named.length).toBeGreaterThan(200)
  expect(named.filter(({ source, name }) => !exists(source, name))).toEqual([])
})
