/** The standard health service of gRPC (grpc.health.v1), which load balancers and Kubernetes query. */

import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { quoteHeader } from '../../core/http/quote-header.ts'
import { knownFields, ProtobufReader } from '../../core/protobuf/reader.ts'
import { ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import { EXPORT_METHODS } from './call-head.ts'

/** HTTP/2 path of `Check`. `Watch` is not implemented. */
export const HEALTH_METHOD = '/grpc.health.v1.Health/Check'
/** Maximum size of a request, which has one field, the name of a service. */
export const MAX_HEALTH_BYTES = 4_096

/** Empty: the server as a whole. */
const SERVICES: ReadonlySet<string | undefined> = new Set([
  '',
  ...[...EXPORT_METHODS.keys()].map(path => path.split('/')[1]),
])
const SERVICE_TAG = 8 + WIRE.bytes
const KNOWN_FIELDS = knownFields(1)
const SERVING = 1
const NOT_SERVING = 2

/** HealthCheckResponse{status=1} to HealthCheckRequest{service=1}. @throws WattlineError `body_undecodable`, `not_found` */
export function checkHealth(request: Uint8Array, isServing: boolean): Uint8Array {
  const service = serviceOf(request)
  if (!SERVICES.has(service)) throw new WattlineError('not_found', `Unknown service ${quoteHeader(service)}.`)
  const writer = new ProtobufWriter()
  writer.tag(1, WIRE.varint)
  writer.uint(isServing ? SERVING : NOT_SERVING)
  return writer.bytes()
}

function serviceOf(request: Uint8Array): string {
  const reader = new ProtobufReader(request)
  reader.message = 'HealthCheckRequest'
  const end = request.length
  let service = ''
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === SERVICE_TAG) {
      const stop = reader.length(end)
      service = Buffer.from(request.subarray(reader.position, stop)).toString('utf8')
      reader.position = stop
    } else reader.skip(tag, end, KNOWN_FIELDS)
  }
  return service
}
