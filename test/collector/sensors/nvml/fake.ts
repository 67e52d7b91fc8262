/** Compiles the stand-in for NVML (fake-nvml.c), and says what it answers. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('fake-nvml.c', import.meta.url))

/** Whether there is a C compiler. */
export function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface FakeNvml {
  readonly path: string
  /** Replaces what the library answers, at once. */
  say(lines: readonly string[]): void
  remove(): void
}

/** @param flags such as `-DOLD` */
export function fakeNvml(flags: readonly string[] = []): FakeNvml {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-nvml-'))
  const path = join(folder, 'libnvidia-ml.so.1')
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', ...flags, '-o', path, SOURCE, '-ldl'], {
    stdio: 'pipe',
  })
  let said = 0
  return {
    path,
    say(lines) {
      writeFileSync(`${path}.next`, `${lines.join('\n')}\n`)
      // The library reads again what has another time; the kernel's clock gives two quick changes the same one.
      said += 1
      utimesSync(`${path}.next`, said, said)
      renameSync(`${path}.next`, `${path}.state`)
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A process of the whole board. */
export const processLine = (board: number, pid: number, bytes = 1 << 20): string =>
  `board ${board} process ${pid} ${bytes} 4294967295 4294967295`
