/** Errors as Kubernetes' clients read them: objects of kind Status. */
import type { WattlineError } from '../../../core/catalogue/errors/errors.ts'

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
}

/**
 * `meta.k8s.io/v1` Status. It never asks for a retry: an autoscaler would sleep in the middle of its round, and comes again
 * anyway.
 */
export const statusOf = (failure: WattlineError) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: failure.toString(),
  reason: REASONS[failure.status] ?? 'InternalError',
  code: failure.status,
})
