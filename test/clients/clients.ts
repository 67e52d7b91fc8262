/** The official SDKs: how each is installed, how its program is started, and its transports. */
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MARK } from './compare.ts'
import type { Needs } from './leg.ts'

const HERE = import.meta.dirname
/** Where clients are kept once they are built. */
export const CACHE = join(HERE, '../../node_modules/.cache/clients')
const run = promisify(execFile)

export type Protocol = 'http/protobuf' | 'http/json' | 'grpc'
export interface Transport {
  readonly protocol: Protocol
  readonly compression: 'none' | 'gzip' | 'deflate'
}

export interface Client {
  readonly name: string
  readonly needs: Needs
  readonly transports: readonly Transport[]
  /** Fetches and builds it once; the command line that starts its program. */
  prepare(): Promise<readonly [command: string, ...args: string[]]>
}

const transports = (...named: readonly string[]): Transport[] =>
  named.map(name => {
    const [protocol, compression] = name.split(' ')
    return { protocol, compression } as Transport
  })

const HTTP_AND_GRPC = transports('http/protobuf none', 'http/protobuf gzip', 'grpc none', 'grpc gzip')

export const CLIENTS: readonly Client[] = [
  {
    name: 'javascript',
    needs: [],
    transports: transports('http/protobuf none', 'http/protobuf gzip', 'http/json none', 'http/json gzip'),
    prepare: async () => [process.execPath, join(HERE, 'javascript/emit.ts')],
  },
  {
    name: 'python',
    needs: [['python3', '--version']],
    transports: [...HTTP_AND_GRPC, ...transports('http/protobuf deflate')],
    prepare: async () => [await python(), join(HERE, 'python/emit.py')],
  },
  {
    name: 'java',
    needs: [
      ['javac', '-version'],
      ['mvn', '-version'],
    ],
    transports: HTTP_AND_GRPC,
    prepare: async () => {
      const folder = join(CACHE, 'java')
      const sources = ['java/pom.xml', 'java/Emit.java', 'java/Sent.java'].map(file => join(HERE, file))
      await once(folder, sources, async () => {
        const options = ['-B', '-q', '-f', join(HERE, 'java/pom.xml')]
        const goal = [
          'dependency:copy-dependencies',
          `-DoutputDirectory=${folder}/jars`,
          '-DincludeScope=runtime',
        ]
        await run('mvn', [...options, ...goal], { maxBuffer: 2 ** 24 })
        await run('javac', [
          '-encoding',
          'UTF-8',
          '-cp',
          `${folder}/jars/*`,
          '-d',
          `${folder}/classes`,
          ...sources.slice(1),
        ])
      })
      return ['java', '-XX:TieredStopAtLevel=1', '-cp', `${folder}/classes:${folder}/jars/*`, 'Emit']
    },
  },
  {
    name: 'go',
    needs: [['go', 'version']],
    transports: HTTP_AND_GRPC,
    prepare: async () => [await goProgram('go')],
  },
]

/** Python with the packages pinned in that folder beside this file. */
export async function python(name = 'python'): Promise<string> {
  const folder = join(CACHE, name.replaceAll('/', '-'))
  const requirements = join(HERE, name, 'requirements.txt')
  await once(folder, [requirements], async () => {
    await run('python3', ['-m', 'venv', '--clear', folder])
    await run(join(folder, 'bin/pip'), ['install', '--quiet', '--requirement', requirements])
  })
  return join(folder, 'bin/python')
}

/** The program with its module in that folder beside this file. */
export async function goProgram(name: string): Promise<string> {
  const folder = join(CACHE, name.replaceAll('/', '-'))
  const sources = (await readdir(join(HERE, name))).map(file => join(HERE, name, file))
  await once(folder, sources, async () => {
    const env = { ...process.env, CGO_ENABLED: '0' }
    await run('go', ['build', '-o', join(folder, 'program'), '.'], { cwd: join(HERE, name), env })
  })
  return join(folder, 'program')
}

/** Creates the folder unless it was made from the same sources before. */
export async function once(
  folder: string,
  sources: readonly string[],
  make: () => Promise<void>,
): Promise<void> {
  const stamp = join(folder, 'made-of')
  const wanted = (await Promise.all(sources.map(source => readFile(source, 'utf8')))).join('\n')
  const exists = await stat(folder).then(
    () => true,
    () => false,
  )
  if (exists && (await readFile(stamp, 'utf8').catch(() => '')) === wanted) return
  await mkdir(folder, { recursive: true })
  await make()
  await writeFile(stamp, wanted)
}

/** Runs the client's program once; the lines that describe what it sent. Rejects if it was not accepted. */
export async function emit(
  client: Client,
  { protocol, compression }: Transport,
  endpoint: string,
  mark: string,
): Promise<readonly string[]> {
  const [command, ...args] = await client.prepare()
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    // Left out where there is none: Python's gRPC exporter does not know the setting.
    ...(compression === 'none' ? {} : { OTEL_EXPORTER_OTLP_COMPRESSION: compression }),
    OTEL_EXPORTER_OTLP_INSECURE: 'true',
    OTEL_SERVICE_NAME: `shop-${client.name}`,
    OTEL_RESOURCE_ATTRIBUTES: `${MARK}=${mark}`,
  }
  const { stdout } = await run(command, args, { env, maxBuffer: 2 ** 26, timeout: 120_000 })
  return stdout.split('\n').filter(line => line !== '')
}
