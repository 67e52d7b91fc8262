/** What happens to the work that failed with an error. */
export type Disposition = 'retry' | 'reject' | 'quarantine' | 'stop'

/** The declaration of an error in the list of a stage. */
export interface ErrorDeclaration {
  readonly disposition: Disposition
  /** HTTP status on Wattline's own routes. */
  readonly status: number
  /** What to do about it, in one sentence. */
  readonly remedy: string
}

/** Declares an error: disposition, HTTP status, remedy. */
export const entry = (disposition: Disposition, status: number, remedy: string): ErrorDeclaration => ({
  disposition,
  status,
  remedy,
})
