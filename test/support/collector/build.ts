/**
 * A real OpenTelemetry Collector, and `telemetrygen`, built once from the Go module proxy into a cache beside the packages.
 * The manifest is builder.yaml; it takes a few minutes of CPU the first time.
 */
import { execFile, spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Newer Kafka modules of contrib are incomplete in the module proxy. */
const VERSION = 'v0.155.0'
const CACHE = join(import.meta.dirname, '../../../node_modules/.cache', `otelcol-${VERSION}`)
const MANIFEST = join(import.meta.dirname, 'builder.yaml')

const run = promisify(execFile)
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Whether programs written in Go can be built here. */
export const goIsAvailable = (): boolean => spawnSync('go', ['version']).status === 0

/** Path of the Collector, with the components of builder.yaml. Rejects with what Go said. */
export const collectorBinary = (): Promise<string> =>
  builtOnce('otelcol', async folder => {
    await install(folder, `go.opentelemetry.io/collector/cmd/builder@${VERSION}`)
    await copyFile(MANIFEST, join(folder, 'builder.yaml'))
    await go(folder, join(folder, 'builder'), ['--config', 'builder.yaml', '--skip-compilation'])
    const source = join(folder, 'source')
    // -e: some modules that only tests of dependencies need are not in the proxy.
    await go(source, 'go', ['mod', 'tidy', '-e', '-compat=1.25'])
    await go(source, 'go', ['build', '-trimpath', '-ldflags=-s -w', '-o', join(folder, 'otelcol')])
  })

/** Path of the Collector's own generator of telemetry. */
export const telemetrygenBinary = (): Promise<string> =>
  builtOnce('telemetrygen', folder =>
    install(folder, `github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@${VERSION}`),
  )

/** Makes CACHE/name in one step, whoever else is making it at the same time. */
async function builtOnce(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const path = join(CACHE, name)
  if (await exists(path)) return path
  await mkdir(CACHE, { recursive: true })
  const folder = await mkdtemp(join(CACHE, 'making-'))
  try {
    await build(folder)
    await rename(join(folder, name), path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return path
}

const install = (folder: string, target: string): Promise<void> =>
  go(folder, 'go', ['install', target], { GOBIN: folder })

async function go(
  cwd: string,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const env = { ...process.env, CGO_ENABLED: '0', ...environment }
  await run(command, [...args], { cwd, env, maxBuffer: 2 ** 26 })
}
