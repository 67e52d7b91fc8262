/**
 * A real Apache Kafka from Maven Central, without a download page: its jars, downloaded once into a cache beside the
 * packages, and a formatted data folder to copy, because formatting costs a Java start.
 */
import { execFile, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cp, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const KAFKA_VERSION = '4.4.0'
const CACHE = join(import.meta.dirname, '../../../node_modules/.cache', `kafka-${KAFKA_VERSION}`)

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>wattline.test</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version>
      <exclusions>
        <!-- declared but not published; the broker runs without it -->
        <exclusion><groupId>org.apache.kafka</groupId><artifactId>kafka-tools-api</artifactId></exclusion>
      </exclusions>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.5</version>
    </dependency>
  </dependencies>
</project>
`

/**
 * Whether Kafka can be started here; without Java and Maven its tests are skipped, with a line that says so. On CI, or
 * with CI=true, they run and fail instead.
 */
export function kafkaIsAvailable(): boolean {
  const missing = [
    ['java', '-version'],
    ['mvn', '-version'],
  ].filter(([command, argument]) => spawnSync(command ?? '', [argument ?? '']).status !== 0)
  if (missing.length === 0 || process.env['CI'] === 'true') return true
  console.error(
    `\n*** NOT TESTED: Kafka. Its tests need ${missing.map(([command]) => command).join(' and ')} ***\n`,
  )
  return false
}

const run = promisify(execFile)
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** The class path of Kafka, resolved by Maven at the first call on this checkout. */
export async function kafkaClassPath(): Promise<string> {
  const lib = join(CACHE, 'lib')
  await makeOnce(lib, async folder => {
    await writeFile(join(folder, 'pom.xml'), POM)
    const goal = ['dependency:copy-dependencies', '-DoutputDirectory=jars', '-DincludeScope=runtime']
    await run('mvn', ['-B', '-q', ...goal], { cwd: folder, maxBuffer: 2 ** 24 })
    return join(folder, 'jars')
  })
  return join(lib, '*')
}

/** Puts a formatted, empty data folder at `path`. */
export async function formatData(path: string): Promise<void> {
  const formatted = join(CACHE, 'formatted')
  await makeOnce(formatted, async folder => {
    const data = join(folder, 'data')
    await mkdir(data)
    const properties = join(folder, 'server.properties')
    const quorum = 'controller.quorum.voters=1@127.0.0.1:9093\ncontroller.listener.names=CONTROLLER\n'
    const listeners = 'listeners=CONTROLLER://127.0.0.1:9093\nprocess.roles=controller\nnode.id=1\n'
    await writeFile(properties, `${quorum}${listeners}log.dirs=${data}\n`)
    const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
    const tool = ['kafka.tools.StorageTool', 'format', '-t', id, '-c', properties]
    await run('java', ['-cp', await kafkaClassPath(), ...tool])
    return data
  })
  await cp(formatted, path, { recursive: true })
}

/** Creates a folder in one step, also with concurrent creators. */
async function makeOnce(path: string, make: (folder: string) => Promise<string>): Promise<void> {
  if (await exists(path)) return
  await mkdir(CACHE, { recursive: true })
  const folder = await mkdtemp(join(CACHE, 'making-'))
  try {
    const made = await make(folder)
    await rename(made, path).catch(async error => {
      if (!(await exists(path))) throw error
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
