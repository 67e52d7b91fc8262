/** What becomes of the work that met an error. */
export type Disposition = 'retry' | 'reject' | 'quarantine' | 'stop'

/** An error as the lists of the stages declare it. */
export interface ErrorDeclaration {
  readonly disposition: Disposition
  /** HTTP status on routes of our own. */
  readonly status: number
  /** What to do about it, one sentence. */
  readonly remedy: string
}

/** An entry of a list: disposition, HTTP status, what to do. */
export const entry = (disposition: Disposition, status: number, remedy: string): ErrorDeclaration => ({
  disposition,
  status,
  remedy,
})
