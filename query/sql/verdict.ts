/** Why a statement was refused: closed set, label of the `sqlRefused` counter. */
const REFUSALS = [
  'syntax',
  'statement',
  'too_long',
  'node',
  'function',
  'table_function',
  'settings',
  'type',
  'table',
  'database',
  'column',
  'format',
] as const
/** Why a statement was refused. */
export type Refusal = (typeof REFUSALS)[number]

/** Result of a check: nothing wrong, or the problem and the reason. */
export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: Refusal; readonly detail: string }

/** The verdict of a check that found no problem. */
export const ALLOWED: Verdict = { allowed: true }
/** The verdict of a check that found a problem; `detail` is shown to the client, without a full stop. */
export const refusedFor = (reason: Refusal, detail: string): Verdict => ({ allowed: false, reason, detail })

/** Carries the reason from the closed set, for the counter. */
export class RefusedError extends Error {
  readonly reason: Refusal

  constructor(reason: Refusal, detail: string) {
    super(detail)
    this.name = 'RefusedError'
    this.reason = reason
  }
}
