/** What the suite has shown, line by line. */
export class Report {
  readonly #failed: string[] = []
  #passed = 0

  /** Runs a check; a failure is printed, and the suite goes on. */
  async check(what: string, isSo: () => Promise<unknown>): Promise<boolean> {
    const started = performance.now()
    try {
      const figures = await isSo()
      const seconds = ((performance.now() - started) / 1_000).toFixed(1)
      process.stdout.write(
        `ok      ${what} (${seconds} s)${typeof figures === 'string' ? `: ${figures}` : ''}\n`,
      )
      this.#passed += 1
      return true
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      process.stdout.write(`FAILED  ${what}\n        ${text.replaceAll('\n', '\n        ')}\n`)
      this.#failed.push(what)
      return false
    }
  }

  /** Prints the sums; whether everything held, and anything was checked. */
  finish(): boolean {
    process.stdout.write(`${this.#passed} passed, ${this.#failed.length} failed\n`)
    return this.#failed.length === 0 && this.#passed > 0
  }
}
