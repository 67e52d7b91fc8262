/** Pods of one node from its kubelet, which knows them also while the API server is away. It has no watch, so it is asked again and again. */
import { sleep } from '../../../core/runtime/backoff.ts'
import type { KubeApi } from './client.ts'
import type { ListSink } from './list-watch.ts'
import type { KubeList, KubePod } from './objects.ts'

interface KubeletOptions {
  readonly api: KubeApi
  readonly sink: ListSink<KubePod>
  readonly everyMs: number
  readonly failed: (error: unknown, inARow: number) => void
  readonly recovered: () => void
  readonly signal: AbortSignal
}

/** Runs until the signal aborts. */
export async function followKubelet(options: KubeletOptions): Promise<void> {
  const { api, sink, everyMs, failed, recovered, signal } = options
  let inARow = 0
  while (!signal.aborted) {
    try {
      const list = (await api.get('/pods', signal)) as KubeList
      sink.listing()
      for (const pod of list.items ?? []) sink.put(pod)
      sink.listed()
      sink.inSync()
      if (inARow > 0) recovered()
      inARow = 0
    } catch (error) {
      if (signal.aborted) return
      inARow += 1
      failed(error, inARow)
    }
    await sleep(everyMs, signal)
  }
}
