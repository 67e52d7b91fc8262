/** SDKs directly to Wattline, and through a real Collector that batches and forwards over every protocol it has. */
import { startCollector } from '../support/collector/process.ts'
import { freePorts } from '../support/kafka/kafka-server.ts'
import type { WattlineProcess } from '../support/wattline-process.ts'
import { type Client, emit, type Transport } from './clients.ts'
import { compareStored, marked } from './compare.ts'
import { isEquipped, type Leg, leg } from './leg.ts'
import { lossesOf } from './losses.ts'
import { sentRows } from './sent.ts'

const nameOf = ({ protocol, compression }: Transport): string => `${protocol} ${compression}`

export async function direct(client: Client, wattline: WattlineProcess): Promise<Leg[]> {
  if (!isEquipped(client.name, client.needs)) return []
  const legs: Leg[] = []
  for (const transport of client.transports) {
    const endpoint = transport.protocol === 'grpc' ? wattline.otlpGrpc : wattline.otlp
    legs.push(await send(client, transport, endpoint, wattline, nameOf(transport)))
  }
  return legs
}

const send = (
  client: Client,
  transport: Transport,
  endpoint: string,
  wattline: WattlineProcess,
  name: string,
): Promise<Leg> =>
  leg(client.name, name, async () => {
    const mark = `${client.name} ${name}`
    const lines = await emit(client, transport, endpoint, mark)
    return compareStored(
      wattline.sql,
      marked(mark),
      sentRows(lines, lossesOf(client.name, transport.protocol)),
    )
  })

interface Forward {
  readonly name: string
  readonly exporter: object
  readonly kind: 'otlphttp' | 'otlp'
}

const http = (name: string, wattline: WattlineProcess, more: object): Forward => ({
  name: `Collector otlphttp ${name}`,
  kind: 'otlphttp',
  exporter: { endpoint: wattline.otlp, ...more },
})

const grpc = (compression: string, wattline: WattlineProcess): Forward => ({
  name: `Collector otlp gRPC ${compression}`,
  kind: 'otlp',
  exporter: { endpoint: new URL(wattline.otlpGrpc).host, compression },
})

const forwards = (wattline: WattlineProcess): Forward[] => [
  http('none', wattline, { compression: 'none' }),
  http('gzip', wattline, { compression: 'gzip' }),
  http('zstd', wattline, { compression: 'zstd' }),
  http('deflate', wattline, { compression: 'deflate' }),
  http('JSON gzip', wattline, { compression: 'gzip', encoding: 'json' }),
  ...['none', 'gzip', 'zstd'].map(compression => grpc(compression, wattline)),
]

const TO_COLLECTOR: Transport = { protocol: 'http/protobuf', compression: 'gzip' }

/** Each client sends once for each way of forwarding. */
export async function throughCollector(
  clients: readonly Client[],
  wattline: WattlineProcess,
): Promise<Leg[]> {
  if (!isEquipped('Collector', [['go', 'version']])) return []
  const found = forwards(wattline)
  const ports = await freePorts(found.length)
  const ways = found.map((forward, index) => ({ forward, id: `way${index}`, port: ports[index] as number }))
  const pipeline = (id: string, { kind }: Forward): object => ({
    receivers: [`otlp/${id}`],
    processors: ['batch'],
    exporters: [`${kind}/${id}`],
  })
  const collector = await startCollector({
    receivers: Object.fromEntries(
      ways.map(({ id, port }) => [`otlp/${id}`, { protocols: { http: { endpoint: `127.0.0.1:${port}` } } }]),
    ),
    processors: { batch: { timeout: '100ms' } },
    exporters: Object.fromEntries(
      ways.map(({ id, forward }) => [
        `${forward.kind}/${id}`,
        { ...forward.exporter, tls: { insecure: true }, retry_on_failure: { enabled: false } },
      ]),
    ),
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: Object.fromEntries(
        ['traces', 'metrics', 'logs'].flatMap(signal =>
          ways.map(({ id, forward }) => [`${signal}/${id}`, pipeline(id, forward)]),
        ),
      ),
    },
  })
  try {
    const legs: Leg[] = []
    for (const client of clients.filter(({ name, needs }) => isEquipped(name, needs)))
      for (const { forward, port } of ways)
        legs.push(await send(client, TO_COLLECTOR, `http://127.0.0.1:${port}`, wattline, forward.name))
    return legs
  } finally {
    await collector.end()
  }
}
