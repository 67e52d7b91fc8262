/** Waiting for a state, however busy the machine is. */

/** After this time a state is not late but wrong. */
const PATIENCE_MS = 60_000

/** Waits until the condition holds; otherwise fails with its text. */
export async function until(condition: () => boolean | Promise<boolean>, everyMs = 5): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${condition.toString()}`)
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

/** Repeats until the answer satisfies, and returns that answer; otherwise fails with the last one. */
export async function eventually<T>(
  ask: () => Promise<T>,
  satisfied: (answer: T) => boolean,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (satisfied(answer)) return answer
    if (performance.now() > deadline)
      throw new Error(`not within ${timeoutMs} ms; last answer ${JSON.stringify(answer, bigintText)}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

const bigintText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value
