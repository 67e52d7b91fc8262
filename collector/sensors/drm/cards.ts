/** AMD and Intel boards as the kernel shows them: /sys/class/drm, hwmon, and the metrics table of amdgpu. */

import type { GpuBoard, GpuGap } from '../gpu/snapshot.ts'
import { integerFile, type KernelFiles } from '../host/files.ts'

/** A card with its own energy or power, or why it has none. */
export interface DrmCard {
  readonly folder: string
  /** `0000:03:00.0`: as processes name it. */
  readonly pci: string
  readonly maker: 'amd' | 'intel'
}

const MAKERS: Readonly<Record<string, DrmCard['maker']>> = { '0x1002': 'amd', '0x8086': 'intel' }
const PPM_PER_PERCENT = 10_000n

/** Cards of these makers, in order. */
export const findCards = (files: KernelFiles, sys: string): readonly DrmCard[] =>
  files
    .names(`${sys}/class/drm`)
    .filter(name => /^card\d+$/.test(name))
    .sort()
    .flatMap(name => {
      const folder = `${sys}/class/drm/${name}/device`
      const maker = MAKERS[files.text(`${folder}/vendor`) ?? '']
      const pci = /^PCI_SLOT_NAME=(\S+)$/m.exec(files.text(`${folder}/uevent`) ?? '')?.[1]
      return maker === undefined || pci === undefined ? [] : [{ folder, pci, maker }]
    })

/** What the card's files show; its processes are the caller's. */
export function readCard(files: KernelFiles, card: DrmCard): Omit<GpuBoard, 'processes'> {
  const { folder, pci, maker } = card
  const table = maker === 'amd' ? metricsTable(files, folder) : undefined
  const isProcessor = table !== undefined && table.format >= 2
  const hwmon = files.names(`${folder}/hwmon`).sort()[0]
  const chip = hwmon === undefined ? undefined : `${folder}/hwmon/${hwmon}`
  const energyUj = isProcessor ? null : (table?.energyUj ?? energyOf(files, chip))
  const powerMw = isProcessor || chip === undefined ? null : powerOf(files, chip)
  const busy = integerFile(files, `${folder}/gpu_busy_percent`)
  const memoryBusy = integerFile(files, `${folder}/mem_busy_percent`)
  const missing = isProcessor
    ? 'it is part of a processor, whose meter includes it'
    : chip === undefined
      ? 'its driver shows no meter; the meter of the processor includes an integrated one'
      : 'its driver does not show it'
  const gaps: GpuGap[] = [
    ...(energyUj === null ? [{ field: 'energy', reason: missing } as const] : []),
    ...(powerMw === null ? [{ field: 'power', reason: missing } as const] : []),
    ...(busy === undefined ? [{ field: 'utilization', reason: 'its driver does not show it' } as const] : []),
  ]
  return {
    uuid: files.text(`${folder}/unique_id`) || `pci-${pci}`,
    model: files.text(`${folder}/product_name`) || `${maker} ${files.text(`${folder}/device`) ?? ''}`.trim(),
    energyUj,
    powerMw,
    utilization: busy === undefined || busy > 100n ? null : busy * PPM_PER_PERCENT,
    memoryUtilization: memoryBusy === undefined || memoryBusy > 100n ? null : memoryBusy * PPM_PER_PERCENT,
    memoryBytes: integerFile(files, `${folder}/mem_info_vram_used`) ?? null,
    instances: [],
    gaps,
  }
}

/** The card's counter if there are several (`card`, `pkg`), since it includes the chip. */
function energyOf(files: KernelFiles, chip: string | undefined): bigint | null {
  if (chip === undefined) return null
  const channels = files.names(chip).flatMap(name => /^energy(\d+)_input$/.exec(name)?.[1] ?? [])
  const labelOf = (channel: string): string => files.text(`${chip}/energy${channel}_label`) ?? ''
  const channel = channels.find(one => labelOf(one) === 'card') ?? channels.sort()[0]
  return channel === undefined ? null : (integerFile(files, `${chip}/energy${channel}_input`) ?? null)
}

function powerOf(files: KernelFiles, chip: string): bigint | null {
  const microwatts =
    integerFile(files, `${chip}/power1_average`) ?? integerFile(files, `${chip}/power1_input`)
  return microwatts === undefined ? null : microwatts / 1000n
}

/** Where the energy counter stands in the table, by content of format 1 (kgd_pp_interface.h of the kernel). */
const ENERGY_AT: Readonly<Record<number, number>> = { 1: 24, 2: 24, 3: 24, 4: 24, 5: 88 }
const UNKNOWN = 0xffff_ffff_ffff_ffffn
/** Its unit is 2^-16 J. */
const UNITS_PER_JOULE = 65_536n

/** Format 1 is of boards, 2 and 3 of processors with graphics. */
function metricsTable(
  files: KernelFiles,
  folder: string,
): { readonly format: number; readonly energyUj: bigint | null } | undefined {
  const table = files.bytes(`${folder}/gpu_metrics`)
  if (table === undefined || table.length < 4) return undefined
  const [format, content] = [table[2]!, table[3]!]
  const at = format === 1 ? ENERGY_AT[content] : undefined
  if (at === undefined || table.length < at + 8) return { format, energyUj: null }
  const counter = table.readBigUInt64LE(at)
  const isKnown = counter !== 0n && counter !== UNKNOWN
  return { format, energyUj: isKnown ? (counter * 1_000_000n) / UNITS_PER_JOULE : null }
}
