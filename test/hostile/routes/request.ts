import type { Draw } from './draw.ts'

/** A request to one of the listeners. */
export interface HostileRequest {
  /** What it is about, for reports. */
  readonly kind: string
  readonly listener: 'http' | 'clickhouse' | 'jaeger'
  readonly method: 'GET' | 'POST'
  /** With its query string; for `jaeger`, the name of the method. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  /** Content of a gRPC message. */
  readonly message?: object
  /** The order of rows in the answer is not defined. */
  readonly isUnordered?: boolean
}

/** Makes requests of one kind. `routes`: those of the server, as `METHOD /path/:parameter`. */
export interface RequestKind {
  readonly name: string
  /** Routes that its requests reach; a test requires that every readable route is reached. */
  readonly routes: RegExp
  readonly make: (draw: Draw, routes: readonly string[]) => HostileRequest
}

/** A GET of the HTTP listener. */
export const getOf = (kind: string, path: string, query?: URLSearchParams): HostileRequest => ({
  kind,
  listener: 'http',
  method: 'GET',
  path: query === undefined || query.size === 0 ? path : `${path}?${query}`,
})

/** Parameters in the URL or in a form. */
export const askedBy = (draw: Draw, kind: string, path: string, query: URLSearchParams): HostileRequest =>
  draw.chance(0.5)
    ? getOf(kind, path, query)
    : {
        kind,
        listener: 'http',
        method: 'POST',
        path,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: query.toString(),
      }
