/** Other tools' names of CPU modes. */
const MODES: Readonly<Record<string, string>> = {
  wait: 'iowait',
  irq: 'interrupt',
  hardirq: 'interrupt',
}
/** The semantic conventions' name of a CPU mode; unknown names are unchanged. */
export const cpuMode = (mode: string): string => (Object.hasOwn(MODES, mode) ? MODES[mode]! : mode)
