/** A child process that is killed with SIGKILL at random moments, and the lines it wrote before. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** mulberry32: the same seed gives the same moments. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Number of kills in a test run, and the seed of their moments: `CHAOS_KILLS`, `CHAOS_SEED`. */
export const KILLS = Number(process.env['CHAOS_KILLS'] ?? 10)
export const SEED = Number(process.env['CHAOS_SEED'] ?? 1)

/**
 * Runs `script` (in this folder) and kills it `afterMs` after its first line. Resolves, after it has ended, with the
 * complete lines it wrote; a truncated last line is not an acknowledgement.
 */
export async function runAndKill(
  script: string,
  args: readonly string[],
  afterMs: number,
): Promise<readonly string[]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stderr.on('data', chunk => {
    errors += chunk
  })
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), afterMs))
  child.stdout.on('data', chunk => {
    output += chunk
  })
  const [, signal] = await once(child, 'close')
  if (signal !== 'SIGKILL') throw new Error(`${script} ended by itself (${signal}): ${errors}`)
  return output.split('\n').slice(0, -1)
}
