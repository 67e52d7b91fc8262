/** Snapshots of AMD and Intel boards by the kernel. */

import type { GpuProcess, GpuSnapshot } from '../gpu/snapshot.ts'
import type { KernelFiles } from '../host/files.ts'
import { findCards, readCard } from './cards.ts'
import { DrmClients } from './clients.ts'

/** Reads all boards that have energy, power or a use of their own to show. */
export class DrmBoards {
  readonly #files: KernelFiles
  readonly #sys: string
  readonly #clients: DrmClients

  constructor(files: KernelFiles, { proc, sys }: { readonly proc: string; readonly sys: string }) {
    this.#files = files
    this.#sys = sys
    this.#clients = new DrmClients(files, proc)
  }

  snapshot(timeUnixNano: bigint): GpuSnapshot {
    const cards = findCards(this.#files, this.#sys).map(card => ({
      card,
      board: readCard(this.#files, card),
    }))
    // The energy of graphics inside a processor is measured with it, and CPU time divides it.
    const metered = cards.filter(({ board }) => board.energyUj !== null || board.powerMw !== null)
    const uses = metered.length === 0 ? [] : this.#clients.read()
    return {
      timeUnixNano,
      problems: [],
      boards: metered.map(({ card, board }) => {
        const processes = uses
          .filter(({ pci }) => pci === card.pci)
          .map(({ pid, busy, busyUs, memoryBytes }): GpuProcess => {
            return { pid, device: '', busy, busyUs, memoryBytes }
          })
        const isTold = processes.every(({ busy, busyUs = null }) => busy !== null || busyUs !== null)
        const gap = { field: 'process_utilization', reason: 'its driver does not show engine times' } as const
        return { ...board, processes, gaps: isTold ? board.gaps : [...board.gaps, gap] }
      }),
    }
  }
}
