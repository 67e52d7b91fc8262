/**
 * A process that reads NVML: calls of a driver may take seconds, never return, or end the process, and none of that may happen to
 * the collector. It answers each message with a snapshot or with what is wrong; after the latter it ends.
 */
import type { GpuSnapshot } from '../gpu/snapshot.ts'
import { NvmlBoards } from './boards.ts'
import type { NvmlLibrary } from './functions.ts'

/** Answer to a request. */
export type NvmlAnswer =
  | { readonly snapshot: GpuSnapshot }
  /** `isMissing`: there is no such library, so asking again is useless. */
  | { readonly failed: string; readonly isMissing: boolean }

const path = process.argv[2] ?? 'libnvidia-ml.so.1'

const answer = (message: NvmlAnswer, then?: () => void): void => {
  process.send?.(message, undefined, undefined, then)
}
const end = (failed: string, isMissing: boolean): void => answer({ failed, isMissing }, () => process.exit(1))

const boards = await openBoards()

async function openBoards(): Promise<NvmlBoards | null> {
  try {
    const { openNvml } = await import('./library.ts')
    const library: NvmlLibrary = openNvml(path)
    return new NvmlBoards(library)
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    end(`${path} cannot be loaded: ${reason}.`, true)
    return null
  }
}

process.on('message', () => {
  if (boards === null) return
  try {
    answer({ snapshot: boards.snapshot(BigInt(Date.now()) * 1_000_000n) })
  } catch (error) {
    end(error instanceof Error ? error.message : String(error), false)
  }
})
// The terminal sends its signals to all processes; this one ends with its parent.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
process.on('disconnect', () => process.exit(0))
