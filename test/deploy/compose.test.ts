// Guarantees: compose.yaml satisfies the Compose specification; what it mounts, builds and refers to exists; every
// Wattline service has a configuration that `wattline check` accepts with the secrets of the services; only 127.0.0.1
// is published; every file in deploy/config is accepted.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { checkContainer } from '../../deploy/validate/container-check.ts'
import { sampleSecret } from '../../deploy/validate/sample-secrets.ts'

interface Service {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: Readonly<Record<string, unknown>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
}

const DEPLOY = new URL('../../deploy', import.meta.url).pathname
const compose = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}
const services = Object.entries(compose.services)
const ours = services.filter(([, { image }]) => image.startsWith('wattline:'))
const running = ours.filter(([, { command }]) => command?.[0] === 'run')
const mountsOf = ({ volumes = [] }: Service) =>
  volumes.map(volume => {
    const [source = '', target = '', mode = 'rw'] = volume.split(':')
    return { source, target, mode, isNamed: !/^[./]/.test(source) }
  })

/** Folders as the volumes with secrets, filled by the script itself. */
const secrets = mkdtempSync(join(tmpdir(), 'wattline-secrets-'))
const folderOfVolume = new Map(
  mountsOf(compose.services['secrets']!)
    .filter(({ isNamed }) => isNamed)
    .map(({ source, target }) => [source, join(secrets, target.replace(/^\/secrets\//, ''))]),
)
const makeSecrets = (): string =>
  execFileSync(process.execPath, [join(DEPLOY, 'compose/secrets.ts'), secrets], { encoding: 'utf8' })
for (const folder of folderOfVolume.values()) mkdirSync(folder)
const told = makeSecrets()
afterAll(() => rmSync(secrets, { recursive: true, force: true }))

it('satisfies the Compose specification', () => {
  const schema = JSON.parse(readFileSync(new URL('compose-spec.json', import.meta.url), 'utf8')) as object
  const validate = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(schema)
  validate(compose)
  expect(validate.errors ?? []).toEqual([])
  // And the specification does refuse.
  expect(validate({ services: { a: { image: 'a', prots: [] } } })).toBe(false)
})

describe('references', () => {
  it('to volumes, services and files exist', () => {
    const wrong = services.flatMap(([name, service]) => [
      ...mountsOf(service)
        .filter(({ source, isNamed }) =>
          isNamed
            ? !(source in compose.volumes)
            : source.startsWith('.') && !existsSync(resolve(DEPLOY, source)),
        )
        .map(({ source }) => `${name} mounts ${source}`),
      ...Object.keys(service.depends_on ?? {})
        .filter(other => !(other in compose.services))
        .map(other => `${name} waits for ${other}`),
    ])
    expect(wrong).toEqual([])
    const mounted = new Set(services.flatMap(([, service]) => mountsOf(service).map(({ source }) => source)))
    expect(Object.keys(compose.volumes).filter(volume => !mounted.has(volume))).toEqual([])
  })

  it('from the build name the Dockerfile and one of its stages', () => {
    for (const [, { build }] of ours) {
      const dockerfile = readFileSync(resolve(DEPLOY, build!.context, build!.dockerfile), 'utf8')
      expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${build!.target}$`, 'm'))
    }
  })

  it('from Grafana name the provisioned data source and the folder of boards', () => {
    const { datasources } = parse(readFileSync(join(DEPLOY, 'grafana/datasource.yaml'), 'utf8')) as {
      datasources: {
        uid: string
        jsonData: { host: string; port: number }
        secureJsonData: { password: string }
      }[]
    }
    const [source] = datasources
    expect(source!.uid).toBe('wattline')
    expect(Object.keys(compose.services)).toContain(source!.jsonData.host)
    const mounts = mountsOf(compose.services['grafana']!)
    const tokenFile = /^\$__file\{(.+)\}$/.exec(source!.secureJsonData.password)![1]!
    const holder = mounts.find(({ target }) => tokenFile.startsWith(`${target}/`))!
    expect(existsSync(join(folderOfVolume.get(holder.source)!, tokenFile.slice(holder.target.length)))).toBe(
      true,
    )
    const { providers } = parse(readFileSync(join(DEPLOY, 'grafana/boards.yaml'), 'utf8')) as {
      providers: { options: { path: string } }[]
    }
    const boards = mounts.find(({ target }) => target === providers[0]!.options.path)!
    const files = readdirSync(resolve(DEPLOY, boards.source))
    const home = compose.services['grafana']!.environment!['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']!
    expect(files).toContain(home.slice(boards.target.length + 1))
  })
})

describe('permissions of a container', () => {
  it.each(ours)(
    '%s writes only to its volumes and has no capability',
    (_, { read_only: readOnly, cap_drop: dropped }) => {
      expect({ readOnly, dropped }).toEqual({ readOnly: true, dropped: ['ALL'] })
    },
  )

  it('only the agent sees the machine, and cannot change it', () => {
    for (const [name, service] of services) {
      const host = mountsOf(service).filter(({ source }) => source.startsWith('/'))
      expect(host.filter(({ mode }) => mode !== 'ro')).toEqual([])
      if (name !== 'agent') expect(host).toEqual([])
    }
  })

  it('ports are published on 127.0.0.1', () => {
    expect(
      services.flatMap(([, { ports = [] }]) => ports).filter(port => !port.startsWith('127.0.0.1:')),
    ).toEqual([])
  })
})

describe('secrets', () => {
  it('are generated once, and each reader gets its own', () => {
    const token = /wl_\S+/.exec(told)![0]
    const tokens = readFileSync(join(secrets, 'auth/tokens.yaml'), 'utf8')
    const given = ['agent/token', 'grafana/token'].map(path => readFileSync(join(secrets, path), 'utf8'))
    expect(new Set([token, ...given]).size).toBe(3)
    // Hashes only.
    expect([token, ...given].filter(secret => tokens.includes(secret))).toEqual([])
    expect(makeSecrets()).not.toContain('wl_')
    expect(readFileSync(join(secrets, 'auth/tokens.yaml'), 'utf8')).toBe(tokens)
  })
})

describe('wattline check', () => {
  it('has services to check', () => expect(running.length).toBeGreaterThanOrEqual(4))

  it.each(running)('accepts the configuration of %s', async (_, service) => {
    const files = new Map(
      mountsOf(service).flatMap(({ source, target, isNamed }) => textsAt(source, target, isNamed)),
    )
    const environment = service.environment ?? {}
    expect(await checkContainer({ args: service.command!, environment, files })).toBe('')
  })

  /** Text of what a mount puts under /etc/wattline. */
  function textsAt(source: string, target: string, isNamed: boolean): [string, string][] {
    if (!target.startsWith('/etc/wattline')) return []
    const place = isNamed ? folderOfVolume.get(source)! : resolve(DEPLOY, source)
    if (statSync(place).isFile()) return [[target, readFileSync(place, 'utf8')]]
    return readdirSync(place).map(name => [join(target, name), readFileSync(join(place, name), 'utf8')])
  }

  it.each(readdirSync(join(DEPLOY, 'config')))('accepts deploy/config/%s', async name => {
    const path = `/etc/wattline/${name}`
    const files = new Map([
      [path, readFileSync(join(DEPLOY, 'config', name), 'utf8')],
      ['/etc/wattline/auth/tokens.yaml', sampleSecret('tokens.yaml')],
      ['/etc/wattline/agent/token', 'wl_x'],
      ['/etc/wattline/clickhouse/password', 'x'],
    ])
    expect(await checkContainer({ args: ['run', '--config', path], environment: {}, files })).toBe('')
  })

  it('does not accept everything', async () => {
    const files = new Map([['/etc/wattline/a.yaml', 'listen: {hots: 0.0.0.0}\n']])
    const answer = await checkContainer({
      args: ['run', '--config', '/etc/wattline/a.yaml'],
      environment: {},
      files,
    })
    expect(answer).toContain('did you mean `host`')
  })
})
