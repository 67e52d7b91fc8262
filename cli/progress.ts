import type { ByteProgress } from '../core/backup/progress.ts'

/** In a file or in the output of a job, a line every few seconds is enough. */
const LINE_EVERY_MS = 5_000
const SCREEN_EVERY_MS = 200

interface ProgressLine {
  show(progress: ByteProgress): void
  /** Leaves the last line in place. */
  end(): void
}

/**
 * Shows the progress of a long operation on stderr: in one line on a terminal, otherwise in a line every few seconds.
 */
export function progressLine(
  what: string,
  unit: AmountFormat = bytesText,
  output: NodeJS.WriteStream = process.stderr,
): ProgressLine {
  const started = performance.now()
  const everyMs = output.isTTY ? SCREEN_EVERY_MS : LINE_EVERY_MS
  let shownMs = started
  let latest: ByteProgress | null = null
  let isOpen = false
  const write = (progress: ByteProgress): void => {
    const text = progressText(what, progress, (performance.now() - started) / 1000, unit)
    output.write(output.isTTY ? `\r${text}\u001b[K` : `${text}\n`)
    isOpen = output.isTTY
  }
  return {
    show(progress) {
      latest = progress
      if (performance.now() - shownMs < everyMs) return
      shownMs = performance.now()
      write(progress)
    },
    end() {
      if (output.isTTY && latest !== null) write(latest)
      if (isOpen) output.write('\n')
    },
  }
}

function progressText(
  what: string,
  { doneBytes, totalBytes }: ByteProgress,
  seconds: number,
  unit: AmountFormat = bytesText,
): string {
  const percent = totalBytes === 0 ? 100 : Math.floor((100 * doneBytes) / totalBytes)
  const rate = seconds > 0 ? `, ${unit(doneBytes / seconds)}/s` : ''
  return `${what}: ${unit(doneBytes)} of ${unit(totalBytes)}, ${percent} %${rate}`
}

/** Formats an amount. */
type AmountFormat = (amount: number) => string

/** `1200 rows`. */
export const rowsText: AmountFormat = rows => `${Math.round(rows)} rows`

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `1.5 GiB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${value.toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}
