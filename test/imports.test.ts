// Guarantees: imports go one way. Stages import core and never each other; core/model is pure: it imports nothing outside
// itself; neither files nor folders import in a circle; only main.ts, supervise.ts, wiring/ and the command line see all stages.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { repositoryFiles } from './support/repository.ts'

const files = repositoryFiles('*.ts', '*.tsx').filter(path => !path.startsWith('test/'))

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
  'core/api': ['core/model'],
  'core/books': ['core/model'],
  'core/mappings': ['core/model', 'core/books'],
  'core/alerts': ['core/model'],
  'core/scaling': ['core/model'],
  'core/autoscaling': [
    'core/model',
    'core/scaling',
    'core/planning',
    'core/factors',
    'core/broker',
    'core/columns',
    'core/catalogue',
    'core/warehouse',
  ],
  'core/outgoing': [],
  'core/alerting': ['core/model', 'core/alerts', 'core/broker', 'core/columns', 'core/catalogue'],
  'core/catalogue': [
    'core/model',
    'core/runtime',
    'core/books',
    'core/mappings',
    'core/alerts',
    'core/outgoing',
  ],
  'core/runtime': ['core/model', 'core/catalogue'],
  'core/http': ['core/catalogue', 'core/runtime'],
  'core/grpc': ['core/catalogue', 'core/http', 'core/protobuf'],
  'core/auth': ['core/model', 'core/catalogue', 'core/runtime', 'core/http'],
  'core/columns': ['core/model', 'core/catalogue'],
  'core/factors': ['core/api', 'core/model', 'core/catalogue', 'core/columns', 'core/broker'],
  'core/billing': ['core/model', 'core/api', 'core/catalogue', 'core/warehouse'],
  'core/planning': ['core/model', 'core/factors'],
  'core/protobuf': ['core/catalogue'],
  'core/broker': ['core/model', 'core/catalogue', 'core/runtime'],
  'core/warehouse': ['core/model', 'core/catalogue', 'core/runtime'],
  'core/storage': ['core/catalogue', 'core/runtime', 'core/broker', 'core/warehouse'],
  'core/backup': [
    'core/api',
    'core/model',
    'core/catalogue',
    'core/runtime',
    'core/broker',
    'core/warehouse',
    'core/storage',
  ],
  'core/exports': [
    'core/api',
    'core/model',
    'core/catalogue',
    'core/runtime',
    'core/warehouse',
    'core/backup',
  ],
  collector: ['core'],
  processors: ['core'],
  query: ['core'],
  dashboards: ['core/model', 'core/api'],
  // A client from outside: it knows the wire formats of others, not our receivers.
  simulate: ['core/model', 'core/api', 'core/catalogue', 'core/runtime'],
  // How a process is put together.
  wiring: ['core', 'collector', 'processors', 'query', 'dashboards'],
  cli: [
    'core/model',
    'core/alerts',
    'core/alerting',
    'core/api',
    'core/auth',
    'core/catalogue',
    'core/factors',
    'core/http',
    'core/runtime',
    'core/backup',
    'main.ts',
    'supervise.ts',
    'simulate',
  ],
  // Makes tokens as the program does.
  deploy: ['core/auth'],
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

/** Circles of a graph, each once, as the nodes that lie on it. */
function circlesOf(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (node: string, trail: readonly string[]): void => {
    if (trail.includes(node)) circles.push([...trail.slice(trail.indexOf(node)), node].join(' -> '))
    if (done.has(node) || trail.includes(node)) return
    for (const next of edges.get(node) ?? []) visit(next, [...trail, node])
    done.add(node)
  }
  for (const node of edges.keys()) visit(node, [])
  return circles
}

/** Edges between nodes, which `nodeOf` makes of paths; none from a node to itself. */
function edgesOf(
  from: readonly Import[],
  nodeOf: (path: string) => string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const edges = new Map<string, Set<string>>()
  for (const each of from.filter(({ to }) => isOurs(to))) {
    const [source, target] = [nodeOf(each.from), nodeOf(each.to)]
    if (source !== target) edges.set(source, (edges.get(source) ?? new Set()).add(target))
  }
  return edges
}

it('has no circle of files', () => {
  const values = imports.filter(({ typeOnly }) => !typeOnly)
  expect(circlesOf(edgesOf(values, path => path))).toEqual([])
})

it('has no circle of folders, types included', () => {
  expect(circlesOf(edgesOf(imports, dirname))).toEqual([])
})

/** Files of a catalogue that are no list of a stage: the index, and what the lists are made of. */
const NO_LIST = [
  'errors',
  'events',
  'limits',
  'declaration',
  'event-bus',
  'logger',
  'quantities',
  'factor-values',
  'file-path',
]

const isStageList = (path: string): boolean => {
  const [, name] = /^core\/catalogue\/(?:config\/keys|errors|events|limits)\/([\w-]+)\.ts$/.exec(path) ?? []
  return name !== undefined && !NO_LIST.includes(name)
}

it('keeps the lists of the stages apart: only the index of their catalogue puts them together', () => {
  expect(files.filter(isStageList).length).toBeGreaterThan(20)
  expect(imports.filter(({ from, to }) => isStageList(from) && isStageList(to))).toEqual([])
})

it('finds a circle where there is one', () => {
  const back = { from: 'core/model/units.ts', to: 'core/books/finest.ts', typeOnly: true }
  expect(circlesOf(edgesOf([...imports, back], dirname))).not.toEqual([])
})
