/** Everything that the suite runs beside Wattline: real programs in fixed versions, built or unpacked once for a machine. */
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cachedFolder } from './cache.ts'
import { type Built, type GoPrograms, goPrograms } from './go-programs.ts'

const run = promisify(execFile)

const KUBERNETES: GoPrograms = {
  module: 'k8s.io/kubernetes',
  version: 'v1.36.3',
  programs: ['cmd/kube-apiserver', 'cmd/kube-controller-manager', 'cmd/kubectl'],
  staging: 'v0.36.3',
  // Charts and clients ask for the version, which only a release build has.
  variables: {
    'k8s.io/component-base/version.gitMajor': '1',
    'k8s.io/component-base/version.gitMinor': '36',
    'k8s.io/component-base/version.gitVersion': 'v1.36.3',
  },
}

const HELM: GoPrograms = { module: 'helm.sh/helm/v4', version: 'v4.3.1', programs: ['cmd/helm'] }

const KEDA: GoPrograms = {
  module: 'github.com/kedacore/keda/v2',
  version: 'v2.21.0',
  programs: ['cmd/operator', 'cmd/adapter', 'cmd/webhooks'],
}

/** kube-apiserver, kube-controller-manager and kubectl. */
export const kubernetesPrograms = (): Promise<Built> => goPrograms(KUBERNETES)

/** helm. */
export const helmPrograms = (): Promise<Built> => goPrograms(HELM)

/** KEDA's operator, metrics adapter and admission webhooks, and its source, which has the definitions of its resources. */
export const kedaPrograms = (): Promise<Built> => goPrograms(KEDA)

/** Path of etcd: Debian's package, unpacked and not installed. */
export async function etcdProgram(): Promise<string> {
  const folder = await cachedFolder('debian-etcd-server', async into => {
    await run('apt-get', ['download', 'etcd-server'], { cwd: into })
    const file = (await readdir(into)).find(name => name.endsWith('.deb'))
    if (file === undefined)
      throw new Error('apt-get download etcd-server wrote no package. Run apt-get update.')
    await run('dpkg', ['-x', join(into, file), into])
  })
  return join(folder, 'usr/bin/etcd')
}
