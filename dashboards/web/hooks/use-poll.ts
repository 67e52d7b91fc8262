import { useCallback, useEffect, useState } from 'preact/hooks'
import { ApiError, getJson } from '../lib/api.ts'
import { nextDelayMs } from '../lib/spans.ts'

/** What is known of a route. `stale` while the data belongs to the previous path. */
export interface Polled<T> {
  readonly data: T | null
  readonly error: ApiError | null
  readonly stale: boolean
  readonly retry: () => void
}

interface PollState<T> {
  readonly path: string
  readonly data: T | null
  readonly error: ApiError | null
}

/**
 * Polls a route, one request at a time, and keeps the last answer while the server is unreachable. A page in a hidden
 * tab, or without a token, sends no requests.
 */
export function usePoll<T>(path: string, intervalMs: number): Polled<T> {
  const [state, setState] = useState<PollState<T>>({ path, data: null, error: null })
  const [attempt, setAttempt] = useState(0)

  useEffect(() => {
    const loop = startLoop<T>(path, intervalMs, attempt, setState)
    return () => loop.abort()
  }, [path, intervalMs, attempt])

  const retry = useCallback(() => setAttempt(count => count + 1), [])
  return { data: state.data, error: state.error, stale: state.data !== null && state.path !== path, retry }
}

function startLoop<T>(
  path: string,
  intervalMs: number,
  _attempt: number,
  setState: (update: (before: PollState<T>) => PollState<T>) => void,
): AbortController {
  const controller = new AbortController()
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let busy = false
  let locked = false

  const ask = async (): Promise<void> => {
    if (busy || locked || document.hidden) return
    busy = true
    clearTimeout(timer)
    try {
      const data = await getJson<T>(path, controller.signal)
      failures = 0
      setState(() => ({ path, data, error: null }))
    } catch (error) {
      if (controller.signal.aborted) return
      failures++
      const shown = error instanceof ApiError ? error : new ApiError(String(error), false, '')
      locked = shown.locked
      setState(before => ({ ...before, error: shown }))
    } finally {
      busy = false
    }
    if (!controller.signal.aborted && !locked) timer = setTimeout(ask, nextDelayMs(intervalMs, failures))
  }

  document.addEventListener('visibilitychange', ask, { signal: controller.signal })
  controller.signal.addEventListener('abort', () => clearTimeout(timer))
  void ask()
  return controller
}
