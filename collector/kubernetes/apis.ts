/** Which APIs are asked, by mode. */
import { readFile } from 'node:fs/promises'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { type KubeApi, openKubeApi } from './api/client.ts'

/** null: it is not asked. */
export interface Apis {
  readonly server: KubeApi | null
  readonly kubelet: KubeApi | null
}

/** @throws Error when the configuration of the client cannot be read */
export async function openApis(config: Config['kubernetes']): Promise<Apis> {
  const { kubeconfig, mode } = config
  if (mode !== 'kubelet') return { server: await openKubeApi({ kubeconfig }), kubelet: null }
  const { kubelet_url: server, kubelet_ca_file: caFile, kubelet_verify: isChecked } = config
  const authorities = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
  return {
    server: null,
    kubelet: await openKubeApi({ kubeconfig, server, authorities, isUnchecked: !isChecked }),
  }
}
