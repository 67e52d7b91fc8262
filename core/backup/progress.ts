/** How far long work has come. */
export interface ByteProgress {
  readonly doneBytes: number
  readonly totalBytes: number
}
