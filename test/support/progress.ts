/** Progress of suites that run for minutes. */

/** Writes lines to standard output, each with the seconds since this was called. */
export function sinceStart(): (line: string) => void {
  const startedMs = performance.now()
  return line => {
    const seconds = Math.round((performance.now() - startedMs) / 1000)
    process.stdout.write(`${String(seconds).padStart(5)} s  ${line}\n`)
  }
}
