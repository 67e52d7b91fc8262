// Guarantees: the Dockerfile parses; what it copies is there and reaches the builder; what the program imports is in the image;
// what it sets are keys that Wattline knows; it runs as a user without rights, with the runtime's flags of a checkout.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Copy, DockerfileParser, type From, type JSONInstruction } from 'dockerfile-ast'
import { describe, expect, it } from 'vitest'
import { environmentNames } from '../../core/catalogue/config/environment.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const dockerfile = DockerfileParser.parse(read('deploy/Dockerfile'))
const instructions = dockerfile.getInstructions()
const ignored = read('.dockerignore')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))
const stages = dockerfile.getFROMs()
const copies = dockerfile.getCOPYs()
const fromOf = (copy: Copy) =>
  copy
    .getFlags()
    .find(flag => flag.getName() === 'from')
    ?.getValue()
const copiesOf = (from: boolean): Copy[] => copies.filter(copy => (fromOf(copy) !== undefined) === from)
const argumentsOf = (copy: Copy): string[] => copy.getArguments().map(argument => argument.getValue())
const sourcesOf = (copy: Copy): string[] => argumentsOf(copy).slice(0, -1)
const copied = [...new Set(copiesOf(false).flatMap(sourcesOf))]
const jsonOf = (keyword: string): string[] =>
  (instructions.find(one => one.getKeyword() === keyword) as JSONInstruction)
    .getJSONStrings()
    .map(text => JSON.parse(text.getValue()) as string)

describe('stages', () => {
  it('have names, and refer to names defined above', () => {
    const names: string[] = []
    for (const stage of stages) {
      const image = (stage as From).getImage()!
      // Others come from a registry, with a tag.
      if (!names.includes(image)) expect(image).toMatch(/:\S+$/)
      names.push((stage as From).getBuildStage()!)
    }
    expect(names).toEqual(expect.arrayContaining(['cluster', 'wattline']))
    expect(
      copiesOf(true)
        .map(copy => fromOf(copy))
        .filter(name => !names.includes(name!)),
    ).toEqual([])
  })

  it('end with the complete one, which is built when no target is named', () => {
    expect(stages.at(-1)!.getBuildStage()).toBe('wattline')
  })
})

describe('files', () => {
  it('to copy exist and are not excluded from the builder', () => {
    expect(copied.length).toBeGreaterThan(5)
    expect(copied.filter(path => !existsSync(join(ROOT, path)))).toEqual([])
    expect(ignored[0]).toBe('*')
    expect(copied.filter(path => !ignored.includes(`!${path}`))).toEqual([])
    expect(ignored.filter(line => line.startsWith('!') && !copied.includes(line.slice(1)))).toEqual([])
  })

  it('imported by the program are in the image, and their packages are not development dependencies', () => {
    const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
    const inImage = (path: string): boolean =>
      existsSync(join(ROOT, path)) && copied.some(root => path === root || path.startsWith(`${root}/`))
    const missing = copied
      .flatMap(path => modules(path))
      .flatMap(path => importsOf(path).map(to => ({ path, to })))
      .filter(({ to }) => !to.startsWith('node:'))
      .filter(({ path, to }) =>
        to.startsWith('.') ? !inImage(join(dirname(path), to)) : !(packageOf(to) in manifest.dependencies),
      )
    expect(missing).toEqual([])
  })
})

/** What runs: the page's modules are bundled from the same folders. Boards are written by hand of a developer. */
/** Not run as they are: written out beforehand. */
const COMPILED = ['dashboards/grafana/', 'collector/otlp/wasm/', 'query/sql/wasm/']

function modules(path: string): string[] {
  if (statSync(join(ROOT, path)).isFile()) return /\.(ts|cjs)$/.test(path) ? [path] : []
  return readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' })
    .map(name => join(path, name))
    .filter(name => /\.(ts|tsx|cjs)$/.test(name) && !COMPILED.some(folder => name.startsWith(folder)))
}

function importsOf(path: string): string[] {
  const text = read(path)
  const statements = text.matchAll(
    /^\s*(?:import|export)\s+(?!type\s)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm,
  )
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)
  return [...statements, ...dynamic].map(([, to]) => to!)
}

const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')

describe('the process', () => {
  it('runs without privileges', () => {
    const users = instructions.filter(one => one.getKeyword() === 'USER')
    expect(users.map(one => one.getArgumentsContent())).toEqual(['65532:65532'])
  })

  it('starts like the command line', () => {
    const flags = /^#!\S+ -S node (.*)$/m.exec(read('cli/wattline.cjs'))![1]!.split(' ')
    expect(jsonOf('ENTRYPOINT')).toEqual([
      '/app/node_modules/node/bin/node',
      ...flags,
      '/app/cli/wattline.cjs',
    ])
    expect(jsonOf('CMD')).toEqual(['run'])
  })

  it('has a health check of the default port', () => {
    const text = instructions.find(one => one.getKeyword() === 'HEALTHCHECK')!.getArgumentsContent()!
    const { http } = configSchema.parse({}).listen
    expect(text).toContain(`http://127.0.0.1:${http}`)
    expect(text).toContain('/healthz')
  })

  it('exposes the default ports', () => {
    const { http, otlp_http: otlp, otlp_grpc: grpc } = configSchema.parse({}).listen
    const exposed = instructions
      .find(one => one.getKeyword() === 'EXPOSE')!
      .getArguments()
      .map(port => port.getValue())
    expect(exposed.sort()).toEqual([String(otlp), String(grpc), String(http)].sort())
  })

  it('gets only existing settings', () => {
    const names = dockerfile.getENVs().flatMap(env => env.getProperties().map(property => property.getName()))
    const set = names.filter(name => name.startsWith('WATTLINE_'))
    expect(set.length).toBeGreaterThan(0)
    expect(set.filter(name => !environmentNames().has(name))).toEqual([])
  })
})
