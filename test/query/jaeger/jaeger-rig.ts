/** The official gRPC client with the messages of Jaeger's remote storage, written down here a second time. */
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { messageType } from '../../collector/otlp/decode/otlp-proto.ts'

const { root } = protobuf.parse(
  `syntax = "proto3";
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message GetTraceParams { bytes trace_id = 1; Timestamp start_time = 2; Timestamp end_time = 3; }
message GetTracesRequest { repeated GetTraceParams query = 1; }
message Empty {}
message GetServicesResponse { repeated string services = 1; }
message GetOperationsRequest { string service = 1; string span_kind = 2; }
message Operation { string name = 1; string span_kind = 2; }
message GetOperationsResponse { repeated Operation operations = 1; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message TraceQueryParameters { string service_name = 1; string operation_name = 2; repeated KeyValue attributes = 3;
  Timestamp start_time_min = 4; Timestamp start_time_max = 5; Timestamp duration_min = 6; Timestamp duration_max = 7;
  int32 search_depth = 8; }
message FindTracesRequest { TraceQueryParameters query = 1; }
message FoundTraceID { bytes trace_id = 1; Timestamp start = 2; Timestamp end = 3; }
message FindTraceIDsResponse { repeated FoundTraceID trace_ids = 1; }
message GetDependenciesRequest { Timestamp start_time = 1; Timestamp end_time = 2; }
message Dependency { string parent = 1; string child = 2; uint64 call_count = 3; string source = 4; }
message GetDependenciesResponse { repeated Dependency dependencies = 1; }
message SearchCapabilities { bool without_service_name = 1; bool same_span_conjunction = 2; }
message GetCapabilitiesResponse { SearchCapabilities search = 1; }`,
  { keepCase: true },
)

const METHODS = {
  GetServices: ['TraceReader', 'Empty', 'GetServicesResponse'],
  GetOperations: ['TraceReader', 'GetOperationsRequest', 'GetOperationsResponse'],
  FindTraces: ['TraceReader', 'FindTracesRequest', 'ExportTraceServiceRequest'],
  FindTraceIDs: ['TraceReader', 'FindTracesRequest', 'FindTraceIDsResponse'],
  GetTraces: ['TraceReader', 'GetTracesRequest', 'ExportTraceServiceRequest'],
  GetDependencies: ['DependencyReader', 'GetDependenciesRequest', 'GetDependenciesResponse'],
  GetCapabilities: ['Capabilities', 'Empty', 'GetCapabilitiesResponse'],
} as const
export type JaegerMethod = keyof typeof METHODS
export const JAEGER_METHODS = Object.keys(METHODS) as readonly JaegerMethod[]

export type Message = Readonly<Record<string, unknown>>

const typeOf = (name: string): protobuf.Type =>
  name === 'ExportTraceServiceRequest' ? messageType(name) : root.lookupType(name)

export const requestOf = (method: JaegerMethod, content: object): Buffer => {
  const type = typeOf(METHODS[method][1])
  return Buffer.from(type.encode(type.fromObject(content)).finish())
}
export const pathOf = (method: JaegerMethod): string => `/jaeger.storage.v2.${METHODS[method][0]}/${method}`

export const timestamp = (ms: number): object => ({
  seconds: Math.floor(ms / 1_000),
  nanos: (ms % 1_000) * 1_000_000,
})
export const hexOf = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('hex')

export class JaegerClient {
  readonly #client: Client

  constructor(port: number) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  }

  /** All messages of the answer; every method is called as one whose answer has several. */
  async call(
    method: JaegerMethod,
    content: object = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<readonly Message[]> {
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
    const answerType = typeOf(METHODS[method][2])
    const stream = this.#client.makeServerStreamRequest(
      pathOf(method),
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => answerType.toObject(answerType.decode(bytes), { longs: String, defaults: true }),
      requestOf(method, content),
      metadata,
      { deadline: Date.now() + 60_000 },
    )
    const messages: Message[] = []
    for await (const message of stream as AsyncIterable<Message>) messages.push(message)
    return messages
  }

  close(): void {
    this.#client.close()
  }
}
