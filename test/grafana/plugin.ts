/** The back end of a Grafana plug-in, started and asked as Grafana does: a handshake on standard output, then gRPC on a socket. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Client, credentials } from '@grpc/grpc-js'
import { tableFromIPC } from 'apache-arrow'
import protobuf from 'protobufjs'

const { root } = protobuf.parse(
  `syntax = "proto3";
message DataSourceInstanceSettings { int64 id = 1; string name = 2; string url = 3; bytes jsonData = 8;
  map<string,string> decryptedSecureJsonData = 9; int64 lastUpdatedMS = 10; string uid = 11; }
message PluginContext { int64 orgId = 1; string pluginId = 2; DataSourceInstanceSettings dataSourceInstanceSettings = 5; }
message TimeRange { int64 fromEpochMS = 1; int64 toEpochMS = 2; }
message DataQuery { string refId = 1; int64 maxDataPoints = 2; int64 intervalMS = 3; TimeRange timeRange = 4; bytes json = 5;
  string queryType = 6; }
message QueryDataRequest { PluginContext pluginContext = 1; repeated DataQuery queries = 3; }
message DataResponse { repeated bytes frames = 1; string error = 2; int32 status = 4; }
message QueryDataResponse { map<string,DataResponse> responses = 1; }
message CheckHealthRequest { PluginContext pluginContext = 1; }
message CheckHealthResponse { int32 status = 1; string message = 2; }
message StringList { repeated string values = 1; }
message CallResourceRequest { PluginContext pluginContext = 1; string path = 2; string method = 3; string url = 4;
  map<string,StringList> headers = 5; bytes body = 6; }
message CallResourceResponse { int32 code = 1; bytes body = 3; }`,
  { keepCase: true },
)

const METHODS = {
  'Data/QueryData': ['QueryDataRequest', 'QueryDataResponse'],
  'Diagnostics/CheckHealth': ['CheckHealthRequest', 'CheckHealthResponse'],
  'Resource/CallResource': ['CallResourceRequest', 'CallResourceResponse'],
} as const

/** A frame of the answer: columns by name, in order. */
export interface Frame {
  readonly columns: readonly string[]
  /** By column. */
  readonly values: readonly (readonly unknown[])[]
}

/** What one query asks. */
export interface PluginQuery {
  readonly json: unknown
  readonly fromMs: number
  readonly toMs: number
  readonly intervalMs: number
}

export class GrafanaPlugin {
  readonly #child: ChildProcess
  readonly #client: Client
  readonly #context: object

  private constructor(child: ChildProcess, address: string, context: object) {
    this.#child = child
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': 2 ** 28,
    })
    this.#context = context
  }

  /** Starts the program for one data source. */
  static async start(
    program: string,
    source: { readonly plugin: string; readonly url?: string; readonly jsonData: object },
  ): Promise<GrafanaPlugin> {
    const environment = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
    const child = spawn(program, [], {
      env: { ...environment, grafana_plugin_type: 'datasource', PLUGIN_PROTOCOL_VERSIONS: '2' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    process.once('exit', () => child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout })
    const [handshake = ''] = await new Promise<readonly string[]>((resolve, reject) => {
      lines.once('line', line => resolve([line]))
      child.once('exit', code => reject(new Error(`The plug-in ended with code ${code}.`)))
    })
    // core version | protocol version | network | address | protocol
    const [, , network = '', address = ''] = handshake.split('|')
    return new GrafanaPlugin(child, network === 'unix' ? `unix:${address}` : address, {
      orgId: 1,
      pluginId: source.plugin,
      dataSourceInstanceSettings: {
        ...{ id: 1, uid: 'wattline', name: 'Wattline', url: source.url ?? '', lastUpdatedMS: 1 },
        jsonData: Buffer.from(JSON.stringify(source.jsonData)),
      },
    })
  }

  /** Status and message of the health check that `Save & test` makes. */
  async health(): Promise<readonly [status: string, message: string]> {
    const { status, message } = await this.#call('Diagnostics/CheckHealth', {})
    return [['unknown', 'ok', 'error'][Number(status)] ?? '', String(message)]
  }

  /** The frames of a query. @throws with the text that a panel would show */
  async query({ json, fromMs, toMs, intervalMs }: PluginQuery): Promise<readonly Frame[]> {
    const query = {
      ...{ refId: 'A', maxDataPoints: 10_000, intervalMS: intervalMs },
      timeRange: { fromEpochMS: fromMs, toEpochMS: toMs },
      json: Buffer.from(JSON.stringify(json)),
    }
    const answer = await this.#call('Data/QueryData', { queries: [query] })
    const responses = answer['responses'] as Readonly<
      Record<string, { readonly frames?: readonly Uint8Array[]; readonly error?: string }>
    >
    const { frames = [], error = '' } = responses['A'] ?? {}
    if (error !== '') throw new Error(error)
    return frames.map(frameOf)
  }

  stop(): void {
    this.#client.close()
    this.#child.kill('SIGKILL')
  }

  #call(method: keyof typeof METHODS, content: object): Promise<Readonly<Record<string, unknown>>> {
    const [asked, answered] = METHODS[method].map(name => root.lookupType(name)) as [
      protobuf.Type,
      protobuf.Type,
    ]
    const request = asked.fromObject({ ...content, pluginContext: this.#context })
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/pluginv2.${method}`,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => answered.toObject(answered.decode(bytes), { longs: String }),
        Buffer.from(asked.encode(request).finish()),
        { deadline: Date.now() + 60_000 },
        (error, answer) =>
          error === null ? resolve(answer as Readonly<Record<string, unknown>>) : reject(error),
      )
    })
  }
}

/** @param bytes a file in Arrow's format */
function frameOf(bytes: Uint8Array): Frame {
  const table = tableFromIPC(bytes)
  return {
    columns: table.schema.fields.map(({ name }) => name),
    values: table.schema.fields.map((_, index) => [...(table.getChildAt(index) ?? [])]),
  }
}
