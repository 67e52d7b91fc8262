/** The amount of work of this thread that is timed, and how often, while a test waits. */
const WORK_MS = 2
const EVERY_MS = 100

/**
 * Begins to measure, and returns a function that gives the time since then as it would have been on an idle machine:
 * work of this thread is timed meanwhile, and when it takes three times as long as its CPU time, a second counts as a
 * third. For promises like "ends within 7 s", which a busy machine cannot keep and an idle one must.
 */
export function measureIdleSeconds(): () => number {
  const beganMs = performance.now()
  let [wallMs, cpuMs] = [0, 0]
  const work = (): void => {
    const [wall, cpu] = [performance.now(), process.threadCpuUsage()]
    let usedMs = 0
    while (usedMs < WORK_MS) {
      const { user, system } = process.threadCpuUsage(cpu)
      usedMs = (user + system) / 1000
    }
    wallMs += performance.now() - wall
    cpuMs += usedMs
  }
  work()
  const timer = setInterval(work, EVERY_MS)
  return () => {
    clearInterval(timer)
    return ((performance.now() - beganMs) / 1000) * Math.min(1, cpuMs / wallMs)
  }
}
