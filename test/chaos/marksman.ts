import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Aim } from './aim.ts'

/** How long an aimed kill waits for its moment before it happens anyway. */
const AIM_MS = 2_000

/** Has a process killed at the moment it writes a token. */
export class Marksman {
  #child: ChildProcess | null = null

  /** Resolves with whether that moment came. */
  async aim(aim: Aim): Promise<boolean> {
    if (this.#child?.connected !== true) {
      this.#child = fork(new URL('aim.ts', import.meta.url), {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
    }
    const child = this.#child
    const killed = once(child, 'message', { signal: AbortSignal.timeout(AIM_MS) })
    child.send(aim)
    const isMet = await killed.then(
      () => true,
      () => false,
    )
    if (!isMet) child.send('nobody')
    return isMet
  }

  end(): void {
    this.#child?.kill('SIGKILL')
  }
}
