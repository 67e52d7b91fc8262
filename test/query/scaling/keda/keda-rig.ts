/** The official gRPC client with KEDA's messages, written down here a second time. */
import {
  type ChannelCredentials,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import protobuf from 'protobufjs'

const { root } = protobuf.parse(`syntax = "proto3"; package externalscaler;
message ScaledObjectRef { string name = 1; string namespace = 2; map<string, string> scalerMetadata = 3; }
message IsActiveResponse { bool result = 1; }
message GetMetricSpecResponse { repeated MetricSpec metricSpecs = 1; }
message MetricSpec { string metricName = 1; int64 targetSize = 2; double targetSizeFloat = 3; }
message GetMetricsRequest { ScaledObjectRef scaledObjectRef = 1; string metricName = 2; }
message GetMetricsResponse { repeated MetricValue metricValues = 1; }
message MetricValue { string metricName = 1; int64 metricValue = 2; double metricValueFloat = 3; }`)

const TYPES = {
  IsActive: ['ScaledObjectRef', 'IsActiveResponse'],
  StreamIsActive: ['ScaledObjectRef', 'IsActiveResponse'],
  GetMetricSpec: ['ScaledObjectRef', 'GetMetricSpecResponse'],
  StreamMetricSpec: ['ScaledObjectRef', 'GetMetricSpecResponse'],
  GetMetrics: ['GetMetricsRequest', 'GetMetricsResponse'],
} as const
type Method = keyof typeof TYPES

export const pathOf = (method: Method): string => `/externalscaler.ExternalScaler/${method}`
export const encode = (type: string, content: object): Buffer => {
  const found = root.lookupType(type)
  return Buffer.from(found.encode(found.fromObject(content)).finish())
}
const decode = (type: string, bytes: Buffer): Record<string, unknown> =>
  root.lookupType(type).toObject(root.lookupType(type).decode(bytes), { longs: Number, defaults: true })

export interface RefContent {
  readonly name?: string
  readonly namespace?: string
  readonly scalerMetadata?: Readonly<Record<string, string>>
}

export const refTo = (policy: string, more: Readonly<Record<string, string>> = {}): RefContent => ({
  name: 'shop',
  namespace: 'default',
  scalerMetadata: { scalerAddress: 'wattline:9289', policy, ...more },
})

/** Messages of a stream as they arrive. */
export interface Followed {
  readonly stream: ClientReadableStream<Record<string, unknown>>
  readonly messages: Record<string, unknown>[]
  /** Resolves with the error that ended it. */
  readonly failed: Promise<ServiceError>
}

export class KedaClient {
  readonly #client: Client
  constructor(port: number, how: ChannelCredentials = credentials.createInsecure(), options = {}) {
    this.#client = new Client(`127.0.0.1:${port}`, how, options)
  }

  call(
    method: Method,
    content: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, unknown>> {
    const [request, answer] = TYPES[method]
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        pathOf(method),
        (one: object) => encode(request, one),
        bytes => decode(answer, bytes),
        content,
        metadata,
        (error, value) => (error === null ? resolve(value ?? {}) : reject(error)),
      )
    })
  }

  metrics(ref: RefContent, metricName = 'wattline_replicas') {
    return this.call('GetMetrics', { scaledObjectRef: ref, metricName })
  }

  follow(method: 'StreamIsActive' | 'StreamMetricSpec', content: object): Followed {
    const [request, answer] = TYPES[method]
    const stream = this.#client.makeServerStreamRequest(
      pathOf(method),
      (one: object) => encode(request, one),
      bytes => decode(answer, bytes),
      content,
    )
    const messages: Record<string, unknown>[] = []
    stream.on('data', message => messages.push(message))
    const failed = new Promise<ServiceError>(resolve =>
      stream.on('error', error => resolve(error as ServiceError)),
    )
    return { stream, messages, failed }
  }

  close(): void {
    this.#client.close()
  }
}
