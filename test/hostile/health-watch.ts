/** Requests health every 50 ms until stopped, from a process of its own, and reports how long it waited. */
import { Agent, get } from 'node:http'

const url = process.argv[2] ?? ''
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const EVERY_MS = 50
const LATE_MS = 200
/** When this process itself was late, the machine had no time for either: such an answer does not count. */
const BUSY_MS = 60

const seen = { asked: 0, failed: 0, late: 0, unjudged: 0, worstMs: 0 }
const lateness: { readonly at: number; readonly ms: number }[] = []

let due = performance.now() + EVERY_MS
const timer = setInterval(() => {
  const now = performance.now()
  lateness.push({ at: now, ms: now - due })
  if (lateness.length > 200) lateness.shift()
  due = now + EVERY_MS
  seen.asked += 1
  const request = get(url, { agent }, response => {
    response.resume()
    response.once('end', () => {
      if (response.statusCode !== 200) seen.failed += 1
      note(now)
    })
  })
  request.once('error', () => {
    seen.failed += 1
  })
}, EVERY_MS)

function note(started: number): void {
  const waitedMs = performance.now() - started
  if (waitedMs > LATE_MS && lateness.some(({ at, ms }) => at >= started && ms > BUSY_MS)) {
    seen.unjudged += 1
    return
  }
  seen.worstMs = Math.max(seen.worstMs, waitedMs)
  if (waitedMs > LATE_MS) seen.late += 1
}

process.on('message', () => {
  clearInterval(timer)
  process.send?.(seen)
  process.disconnect()
  agent.destroy()
})
