import { builtOnce, goInstall } from '../support/go-build.ts'

/** Prometheus 3.16: its modules have separate version numbers. */
const VERSION = 'v0.316.0'

/** Path of a Prometheus that sends remote write 2.0, without service discovery: some minutes of CPU the first time. */
export const prometheus3Binary = (): Promise<string> =>
  builtOnce(`prometheus-${VERSION}`, 'prometheus', folder =>
    goInstall(folder, `github.com/prometheus/prometheus/cmd/prometheus@${VERSION}`, [
      '-trimpath',
      '-ldflags=-s -w',
      '-tags=remove_all_sd',
    ]),
  )
