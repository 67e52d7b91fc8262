import type { ErrorCode } from '../errors/errors.ts'

/** gRPC statuses that limits cause, by name. */
export type GrpcAnswer =
  | 'OK'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAVAILABLE'

/**
 * A number is an HTTP status. `reset`: the call ends without an answer; `closed`: the connection ends; null: the limit
 * does not exist on this endpoint.
 */
export type LimitAnswer = number | GrpcAnswer | 'reset' | 'closed' | null

/** Endpoints that limits are stated for, with their names in docs/limits.md. */
export const ENDPOINTS = {
  otlpHttp: 'OTLP/HTTP',
  otlpGrpc: 'OTLP/gRPC',
  remoteWrite: 'remote write',
} as const
/** Key of an endpoint in the table. */
export type EndpointName = keyof typeof ENDPOINTS

/** A row of the table. */
export interface Limit {
  readonly what: string
  /** The configuration key, or the fixed limit as text. */
  readonly bound: { readonly key: string } | { readonly fixed: string }
  readonly beyond: string
  readonly code: ErrorCode | null
  readonly answers: Answers
}

type Answers = Readonly<Record<EndpointName, LimitAnswer>>

/** The same answer on both HTTP endpoints, and one over gRPC. */
export const everywhere = (http: LimitAnswer, otlpGrpc: LimitAnswer): Answers => ({
  otlpHttp: http,
  otlpGrpc,
  remoteWrite: http,
})
/** Answers of the OTLP endpoints; by default the limit does not apply to remote write. */
export const otlp = (
  otlpHttp: LimitAnswer,
  otlpGrpc: LimitAnswer,
  remoteWrite: LimitAnswer = null,
): Answers => ({
  otlpHttp,
  otlpGrpc,
  remoteWrite,
})
/** A limit that applies to OTLP/gRPC only. */
export const grpc = (answer: LimitAnswer): Answers => otlp(null, answer)
/** A limit that a configuration key sets. */
export const key = (name: string) => ({ key: name })
/** A limit that cannot be configured. */
export const fixed = (text: string) => ({ fixed: text })
/** A fixed time, given in milliseconds. */
export const seconds = (ms: number) => fixed(`${ms / 1000} s`)
