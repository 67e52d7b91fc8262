/** A process that reads AMD and Intel boards: a read of their files asks the board's firmware, which may not answer. */
import { kernelFiles } from '../host/files.ts'
import { DrmBoards } from './boards.ts'

const [, , proc = '/proc', sys = '/sys'] = process.argv
const boards = new DrmBoards(kernelFiles(), { proc, sys })

process.on('message', () => {
  try {
    process.send?.({ snapshot: boards.snapshot(BigInt(Date.now()) * 1_000_000n) })
  } catch (error) {
    const failed = error instanceof Error ? error.message : String(error)
    process.send?.({ failed, isMissing: false }, undefined, undefined, () => process.exit(1))
  }
})
// The terminal sends its signals to all processes; this one ends with its parent.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
process.on('disconnect', () => process.exit(0))
