import type { FailureKind } from '../wire/messages.ts'

/** An evaluation that failed, for a reason that the caller is told. */
export class EvaluationError extends Error {
  readonly kind: FailureKind

  constructor(kind: FailureKind, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.kind = kind
  }
}
