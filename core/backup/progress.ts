/** How far long work has come. */
export interface Progress {
  readonly doneBytes: number
  readonly totalBytes: number
}
