import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { formatData, kafkaClassPath } from './jars.ts'

/** One real Kafka broker with its controller, in a process of its own, on loopback. */
export interface KafkaServer {
  /** The address for clients: the broker, or a proxy in front of it. */
  readonly bootstrap: string
  /** The broker's own address. */
  readonly port: number
  /** Additional addresses, in the order of `doors`. */
  readonly doorPorts: readonly number[]
  /** With `secure`: its address with TLS and SASL, and the client's settings for it. */
  readonly secure: { readonly bootstrap: string; readonly ca: string } | null
  readonly pid: number
  /** Its data, settings and log. */
  readonly folder: string
  /** Sends SIGKILL, and waits until the process has ended. */
  kill(): Promise<void>
  /** Starts it again on the same data and ports; resolves when it serves. */
  start(): Promise<void>
  /** Ends it and removes its data. */
  destroy(): Promise<void>
}

export interface KafkaOptions {
  /** The port announced to clients, for a proxy in front. */
  readonly advertisedPort?: number
  /** Additional listeners, by the port announced to their clients: a separate proxy for each client. */
  readonly doors?: readonly number[]
  /** Lines for `server.properties`, by key. */
  readonly properties?: Readonly<Record<string, string>>
  /** An additional listener with TLS and SASL; its user is `wattline` with the password `secret`. */
  readonly secure?: boolean
}

const run = promisify(execFile)
const READY = /Kafka Server started/
const START_TIMEOUT_MS = 60_000

/** Formats and starts a broker; resolves when it serves. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const folder = await mkdtemp(join(tmpdir(), 'wattline-kafka-'))
  const doors = options.doors ?? []
  const [port = 0, controllerPort = 0, securePort = 0, ...doorPorts] = await freePorts(3 + doors.length)
  const advertised = options.advertisedPort ?? port
  await formatData(join(folder, 'data'))
  await writeFile(join(folder, 'log4j2.properties'), LOGGING)
  const ca = options.secure === true ? await makeCertificate(folder) : null
  const listeners = doors.map((told, index) => ({ name: `DOOR${index}`, port: doorPorts[index] ?? 0, told }))
  const ports = { port, controllerPort, advertised, securePort: ca === null ? null : securePort, listeners }
  const further = Object.entries(options.properties ?? {}).map(([key, value]) => `${key}=${value}\n`)
  await writeFile(join(folder, 'server.properties'), properties(folder, ports) + further.join(''))
  let child = await launch(folder)
  return {
    bootstrap: `127.0.0.1:${advertised}`,
    port,
    doorPorts,
    folder,
    secure: ca === null ? null : { bootstrap: `127.0.0.1:${securePort}`, ca },
    get pid() {
      return child.pid as number
    },
    kill: () => end(child),
    start: async () => {
      child = await launch(folder)
    },
    destroy: async () => {
      await end(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Ports that were just free, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const ports = servers.map(server => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

async function launch(folder: string): Promise<ChildProcess> {
  const memory = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']
  const logging = `-Dlog4j2.configurationFile=file:${join(folder, 'log4j2.properties')}`
  const main = ['kafka.Kafka', join(folder, 'server.properties')]
  const child = spawn('java', [...memory, '-cp', await kafkaClassPath(), logging, ...main], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  await new Promise<void>((resolve, reject) => {
    const told = () => `\n${lines.slice(-30).join('\n')}`
    const timer = setTimeout(
      () => reject(new Error(`Kafka did not start in time${told()}`)),
      START_TIMEOUT_MS,
    )
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', line => {
        if (lines.push(line) > 200) lines.shift()
        if (!READY.test(line)) return
        clearTimeout(timer)
        resolve()
      })
    }
    child.once('error', reject)
    child.once('exit', code => {
      clearTimeout(timer)
      reject(new Error(`Kafka ended with ${code}${told()}`))
    })
  }).catch(async error => {
    await end(child)
    throw error
  })
  // A test that dies must not leave a broker behind.
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

const LOGGING = `rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%p %c %m%n
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=INFO
`

/** A key of the broker's own, and its certificate as PEM. */
async function makeCertificate(folder: string): Promise<string> {
  const store = ['-keystore', join(folder, 'keys.p12'), '-storetype', 'PKCS12', '-storepass', 'changeit']
  const key = ['-alias', 'kafka', '-keyalg', 'EC', '-dname', 'CN=kafka', '-ext', 'san=ip:127.0.0.1']
  await run('keytool', ['-genkeypair', ...key, ...store])
  const { stdout } = await run('keytool', ['-exportcert', '-rfc', '-alias', 'kafka', ...store])
  return stdout
}

interface Ports {
  readonly port: number
  readonly controllerPort: number
  readonly advertised: number
  readonly securePort: number | null
  readonly listeners: readonly { readonly name: string; readonly port: number; readonly told: number }[]
}

const secureProperties = (folder: string): string => `sasl.enabled.mechanisms=PLAIN
ssl.keystore.type=PKCS12
ssl.keystore.location=${join(folder, 'keys.p12')}
ssl.keystore.password=changeit
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
  user_wattline="secret";
`

const properties = (folder: string, ports: Ports): string => {
  const { port, controllerPort, advertised, securePort, listeners } = ports
  const secure = securePort === null ? '' : `,SASL_SSL://127.0.0.1:${securePort}`
  const doors = listeners.map(({ name, port: at }) => `,${name}://127.0.0.1:${at}`).join('')
  const toldDoors = listeners.map(({ name, told }) => `,${name}://127.0.0.1:${told}`).join('')
  const protocols = listeners.map(({ name }) => `,${name}:PLAINTEXT`).join('')
  return `${securePort === null ? '' : secureProperties(folder)}process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port}${secure}${doors},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${advertised}${secure}${toldDoors}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL${protocols}
log.dirs=${join(folder, 'data')}
auto.create.topics.enable=false
offsets.topic.num.partitions=2
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.consumer.heartbeat.interval.ms=150
group.consumer.min.heartbeat.interval.ms=100
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=16777216
`
}
