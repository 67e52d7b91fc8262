/**
 * A real OpenTelemetry Collector, and `telemetrygen`, built once from the Go module proxy into a cache beside the packages.
 * The manifest is builder.yaml; it takes a few minutes of CPU the first time.
 */
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { builtOnce, go, goInstall } from '../go-build.ts'

/** Newer Kafka modules of contrib are incomplete in the module proxy. */
const VERSION = 'v0.155.0'
const CACHE = `otelcol-${VERSION}`
const MANIFEST = join(import.meta.dirname, 'builder.yaml')

/** Path of the Collector, with the components of builder.yaml. Rejects with the output of Go. */
export const collectorBinary = (): Promise<string> =>
  builtOnce(CACHE, 'otelcol', async folder => {
    await goInstall(folder, `go.opentelemetry.io/collector/cmd/builder@${VERSION}`)
    await copyFile(MANIFEST, join(folder, 'builder.yaml'))
    await go(folder, join(folder, 'builder'), ['--config', 'builder.yaml', '--skip-compilation'])
    const source = join(folder, 'source')
    // -e: some modules that only tests of dependencies need are not in the proxy.
    await go(source, 'go', ['mod', 'tidy', '-e', '-compat=1.25'])
    await go(source, 'go', ['build', '-trimpath', '-ldflags=-s -w', '-o', join(folder, 'otelcol')])
  })

/** Path of the Collector's own generator of telemetry. */
export const telemetrygenBinary = (): Promise<string> =>
  builtOnce(CACHE, 'telemetrygen', folder =>
    goInstall(
      folder,
      `github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@${VERSION}`,
    ),
  )
