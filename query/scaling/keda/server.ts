/** KEDA's external scaler over gRPC, from answers in memory. */
import type { Access } from '../../../core/auth/access.ts'
import { asWattlineError, type WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import { FIXED_LIMITS } from '../../../core/catalogue/limits/limits.ts'
import { createGrpcServer, type GrpcServerOptions } from '../../../core/grpc/server.ts'
import type { ListenerTls } from '../../../core/http/tls.ts'
import type { ScalingAnswers } from '../../../core/scaling/answer.ts'
import type { AutoscalerListener } from '../listener.ts'
import { refusalOf } from '../refusal.ts'
import type { NamespaceTenants } from '../tenants.ts'
import { kedaMethods } from './methods.ts'
import { KedaStreams } from './streams.ts'
import { kedaTenants } from './tenant.ts'

/** Options of the listener. */
export interface KedaOptions {
  readonly answers: ScalingAnswers
  readonly access: Access
  /** Names of client certificates whose callers are believed about namespaces. */
  readonly clientNames: readonly string[]
  readonly tenantOf: NamespaceTenants
  readonly events: Events
  readonly tls?: ListenerTls | undefined
  readonly limits?: GrpcServerOptions['limits']
  readonly maxStreams?: number
  readonly maxStreamsOfTenant?: number
  readonly recheckMs?: number
}

/** Not listening yet: call `listen`. */
export function createKedaListener(options: KedaOptions): AutoscalerListener {
  const { answers, access, events, tls, limits = {} } = options
  const streams = new KedaStreams(
    answers,
    options.maxStreamsOfTenant ?? FIXED_LIMITS.kedaStreamsOfTenant,
    options.recheckMs,
  )
  const server = createGrpcServer({
    what: 'KEDA',
    methods: kedaMethods({ answers, streams, callerOf: kedaTenants(options), events }),
    maxMessageBytes: FIXED_LIMITS.kedaMessageBytes,
    maxOpenCalls: options.maxStreams ?? FIXED_LIMITS.kedaStreams,
    admit: headers => access.admit({ method: headers[':method'], headers }),
    refusal: (error): WattlineError => refusalOf(events, 'keda', asWattlineError(error, 'invariant_broken')),
    events,
    tls,
    limits,
  })
  return {
    async listen(host, port) {
      await server.listen(host, port)
      events.emit('listenerStarted', { listener: 'keda', ...server.address() })
    },
    address: () => server.address(),
    openStreams: () => server.openCalls,
    async stop() {
      await server.stop()
      streams.close()
    },
  }
}
