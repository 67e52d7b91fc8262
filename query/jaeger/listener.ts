/** Jaeger's remote storage API over gRPC, on a port of its own. */
import type { Access } from '../../core/auth/access.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { asWattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import { createGrpcServer, type GrpcServer, type GrpcServerOptions } from '../../core/grpc/server.ts'
import type { ListenerTls } from '../../core/http/tls.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import type { Turns } from '../fair/turns.ts'
import { fencedReader } from '../fence/fenced-reader.ts'
import { jaegerCaller } from './caller.ts'
import { jaegerMethods } from './methods.ts'

/** Options of the listener. */
export interface JaegerOptions {
  readonly warehouse: Pick<Warehouse, 'fenced'>
  readonly sqlLimits: Config['limits']['sql']
  /** Shared with the other questions of tenants. */
  readonly turns: Turns
  readonly access: Access
  readonly events: Events
  readonly tls?: ListenerTls | undefined
  readonly limits?: GrpcServerOptions['limits']
  readonly now?: () => number
}

/** Not listening yet: call `listen`. */
export function createJaegerListener(options: JaegerOptions): GrpcServer {
  const { warehouse, sqlLimits, turns, access, events, tls, limits = {} } = options
  return createGrpcServer({
    what: 'Jaeger',
    methods: jaegerMethods({
      callerOf: caller => jaegerCaller(access, caller),
      readerOf: ({ tenant }, signal) =>
        fencedReader({ warehouse, limits: sqlLimits, sees: { tenant, accounts: null }, signal, turns }),
      now: options.now ?? Date.now,
    }),
    maxMessageBytes: FIXED_LIMITS.jaegerMessageBytes,
    maxOpenCalls: 0,
    admit: headers => access.admit({ method: headers[':method'], headers }),
    refusal: error => {
      const failure = asWattlineError(error, 'invariant_broken')
      if (failure.status >= 500 && failure.status !== 503)
        events.emit('requestFailed', { code: failure.code }, failure)
      return failure
    },
    events,
    tls,
    limits,
  })
}
