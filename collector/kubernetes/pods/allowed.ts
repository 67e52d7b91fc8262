/** Which labels and annotations of pods, namespaces and nodes become attributes: none but those that the configuration names. */
import type { LabelMap } from '../../../core/model/label-text.ts'
import { wildcard } from '../../../core/model/wildcard.ts'
import type { KubePod } from '../api/objects.ts'
import type { Allowed } from './pod.ts'

/** Patterns of keys, `app.kubernetes.io/*`. */
export interface AllowedKeys {
  readonly labels: readonly string[]
  readonly annotations: readonly string[]
}

const MOST_KEYS = 16
const MOST_CHARACTERS = 256

/** Entries whose keys match, with a prefix before their keys; at most 16, each value cut at 256 characters. */
export function allowedEntries(
  patterns: readonly string[],
  prefix: string,
): (texts: LabelMap | undefined) => LabelMap {
  const matches = patterns.map(wildcard)
  if (matches.length === 0) return () => NONE
  return (texts = {}) =>
    Object.fromEntries(
      Object.keys(texts)
        .filter(key => matches.some(isMatch => isMatch(key)))
        .sort()
        .slice(0, MOST_KEYS)
        .map(key => [`${prefix}${key}`, (texts[key] ?? '').slice(0, MOST_CHARACTERS)]),
    )
}

const NONE: LabelMap = {}

/** Which queue a pod waits in, and its group, as Kueue, KAI, Volcano and YuniKorn write it. */
const QUEUES = [
  'kueue.x-k8s.io/queue-name',
  'kai.scheduler/queue',
  'runai/queue',
  'volcano.sh/queue-name',
  'scheduling.volcano.sh/queue-name',
  'yunikorn.apache.org/queue',
]
const GROUPS = ['kueue.x-k8s.io/pod-group-name', 'pod-group-name', 'scheduling.k8s.io/group-name']

/** The first of these that labels or annotations have. */
function firstOf(keys: readonly string[], ...some: readonly (LabelMap | undefined)[]): string {
  for (const key of keys) for (const texts of some) if (texts?.[key]) return texts[key]
  return ''
}

/** The queue that an object names; '' for none. */
export const queueOf = ({ metadata }: KubePod): string =>
  firstOf(QUEUES, metadata?.labels, metadata?.annotations)

/** Attributes of a pod from its own labels and annotations. */
export function allowedOf({ labels, annotations }: AllowedKeys): Allowed {
  const [ofLabels, ofAnnotations] = [
    allowedEntries(labels, 'k8s.pod.label.'),
    allowedEntries(annotations, 'k8s.pod.annotation.'),
  ]
  return pod => {
    const { metadata, spec } = pod
    const own = {
      'k8s.queue.name': queueOf(pod),
      'k8s.pod.group.name': firstOf(GROUPS, metadata?.labels, metadata?.annotations),
      'k8s.pod.priority_class.name': spec?.priorityClassName ?? '',
    }
    return {
      ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== '')),
      ...ofLabels(metadata?.labels),
      ...ofAnnotations(metadata?.annotations),
    }
  }
}
