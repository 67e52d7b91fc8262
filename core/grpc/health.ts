/** The standard health service of gRPC (grpc.health.v1), which load balancers and Kubernetes query. */

import { WattlineError } from '../catalogue/errors/errors.ts'
import { quoteHeader } from '../http/quote-header.ts'
import { knownFields, ProtobufReader } from '../protobuf/reader.ts'
import { ProtobufWriter, WIRE } from '../protobuf/writer.ts'

/** HTTP/2 path of `Check`. `Watch` is not implemented. */
export const HEALTH_METHOD = '/grpc.health.v1.Health/Check'
/** Maximum size of a request, which has one field, the name of a service. */
export const MAX_HEALTH_BYTES = 4_096

const SERVICE_TAG = 8 + WIRE.bytes
const KNOWN_FIELDS = knownFields(1)
const SERVING = 1
const NOT_SERVING = 2

/** Names of services that a health check may ask for, from the paths of their methods. */
export const servicesOf = (methods: Iterable<string>): ReadonlySet<string> =>
  // Empty: the server as a whole.
  new Set(['', ...[...methods].map(path => path.split('/')[1] ?? '')])

/** HealthCheckResponse{status=1} to HealthCheckRequest{service=1}. @throws WattlineError `body_undecodable`, `not_found` */
export function checkHealth(
  request: Uint8Array,
  services: ReadonlySet<string>,
  isServing: boolean,
): Uint8Array {
  const service = serviceOf(request)
  if (!services.has(service)) throw new WattlineError('not_found', `Unknown service ${quoteHeader(service)}.`)
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
