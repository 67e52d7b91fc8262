/** Progress of a long operation. */
export interface ByteProgress {
  readonly doneBytes: number
  readonly totalBytes: number
}
