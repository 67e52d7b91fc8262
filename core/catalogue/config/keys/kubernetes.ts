import { z } from 'zod'
import { filePath } from './file-path.ts'
import { duration } from './quantities.ts'

const MOST_PATTERNS = 64
/** A container that ran all that time is described 20,000 times. */
const MOST_BACKFILL = 7 * 86_400
const keys = (what: string) =>
  z
    .array(z.string().min(1).max(256))
    .max(MOST_PATTERNS)
    .default([])
    .describe(`Keys of ${what}, \`*\` as wildcard; at most 16 of each object are kept`)

/** Names of pods and nodes from Kubernetes. */
export const kubernetesSchema = z
  .strictObject({
    mode: z
      .enum(['off', 'node', 'kubelet', 'cluster'])
      .default('off')
      .describe(
        'Whose pods are named: `node`: those of this node, from the API server; `kubelet`: the same from the kubelet; `cluster`: all, for nodes that other agents measure',
      ),
    node_name: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe('Name of this node in Kubernetes; default: the name of this host'),
    cluster_name: z
      .string()
      .max(253)
      .default('')
      .describe('Name of the cluster, for account rules and SQL; becomes label `k8s.cluster.name`'),
    kubeconfig: filePath
      .optional()
      .describe(
        'File with address and credentials, as kubectl reads it; default: the service account of this pod',
      ),
    kubelet_url: z
      .url({ protocol: /^https?$/ })
      .default('https://127.0.0.1:10250')
      .describe('Address of the kubelet, for mode `kubelet`'),
    kubelet_ca_file: filePath.optional().describe("Authorities of the kubelet's certificate, PEM"),
    kubelet_verify: z
      .boolean()
      .default(true)
      .describe('Whether the certificate of the kubelet is checked; many kubelets sign their own'),
    interval: duration.prefault(30).describe('Seconds between two readings of what a container reserves'),
    backfill: duration
      .prefault(86_400)
      .refine(seconds => seconds <= MOST_BACKFILL, 'at most 7d')
      .describe(
        'How far back containers are named that began while the API was away, in seconds; their energy is booked again under their names',
      ),
    labels: keys('labels of pods that become labels in the books, as `k8s.pod.label.KEY`'),
    annotations: keys('annotations of pods, as `k8s.pod.annotation.KEY`'),
    namespace_labels: keys('labels of namespaces, as `k8s.namespace.label.KEY`'),
    node_labels: keys("labels of nodes, on the node's own readings as `k8s.node.label.KEY`"),
  })
  .prefault({})
