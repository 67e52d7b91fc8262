// Guarantees: imports go one way. Stages import core and never each other; core/model is pure: it imports nothing outside
// itself; nothing imports in a circle; only main.ts, supervise.ts, wiring/ and the command line see all stages.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'

const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx'],
  { encoding: 'utf8' },
)
  .split('\n')
  .filter(path => path !== '' && existsSync(path) && !path.startsWith('test/'))

interface Import {
  readonly from: string
  /** Path from the root, or the package as written. */
  readonly to: string
  readonly typeOnly: boolean
}

const STATEMENT = /^\s*(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g

function importsOf(path: string): Import[] {
  const text = readFileSync(path, 'utf8')
  const resolve = (to: string): string => (to.startsWith('.') ? join(dirname(path), to) : to)
  return [
    ...[...text.matchAll(STATEMENT)].map(([, type, to]) => ({
      from: path,
      to: resolve(to ?? ''),
      typeOnly: type !== undefined,
    })),
    ...[...text.matchAll(DYNAMIC)].map(([, to]) => ({ from: path, to: resolve(to ?? ''), typeOnly: false })),
  ]
}

const imports = files.flatMap(importsOf)
const isOurs = (to: string): boolean => files.includes(to)

/** Folder -> the folders that it may import from, besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'core/model': [],
  'core/books': ['core/model'],
  'core/runtime': ['core/model'],
  'core/columns': ['core/model', 'core/runtime'],
  'core/broker': ['core/model', 'core/runtime'],
  'core/warehouse': ['core/model', 'core/runtime'],
  'core/backup': ['core/model', 'core/runtime', 'core/broker', 'core/warehouse'],
  'core/protobuf': [],
  collector: ['core'],
  processors: ['core'],
  query: ['core'],
  dashboards: ['core/model'],
  // A client from outside: it knows the wire formats of others, not our receivers.
  simulate: ['core/model', 'core/runtime'],
  // How a process is put together.
  wiring: ['core', 'collector', 'processors', 'query', 'dashboards', 'storage.ts'],
  cli: ['core/model', 'core/runtime', 'core/backup', 'main.ts', 'supervise.ts', 'simulate'],
  // Makes tokens as the program does.
  deploy: ['core/runtime'],
  // Catalogues, wherever they live: the reference pages are rendered from them.
  docs: ['core', 'query/status'],
}

const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)

it('sees the imports', () => {
  expect(imports.length).toBeGreaterThan(300)
  expect(imports.filter(({ to }) => to.startsWith('core/') && !isOurs(to))).toEqual([])
})

it.each(Object.entries(ALLOWED))('%s imports only from itself and [%s]', (folder, allowed) => {
  const wrong = imports.filter(
    ({ from, to }) =>
      isIn(from, folder) && isOurs(to) && ![folder, ...allowed].some(other => isIn(to, other)),
  )
  expect(wrong).toEqual([])
})

it('keeps core/model free of libraries and of the runtime', () => {
  // A hash is arithmetic: the one thing of the runtime that the model may use.
  const pure = ['node:crypto']
  const wrong = imports.filter(
    ({ from, to }) => isIn(from, 'core/model') && !isIn(to, 'core/model') && !pure.includes(to),
  )
  expect(wrong).toEqual([])
})

it('covers every folder', () => {
  const uncovered = files.filter(
    path => path.includes('/') && !Object.keys(ALLOWED).some(folder => isIn(path, folder)),
  )
  expect(uncovered).toEqual([])
})

it('has no circle', () => {
  const edges = new Map<string, string[]>()
  for (const { from, to, typeOnly } of imports) {
    if (!typeOnly && isOurs(to)) edges.set(from, [...(edges.get(from) ?? []), to])
  }
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (done.has(path) || trail.includes(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  expect(circles).toEqual([])
})
