/** The fingerprint that Prometheus and Alertmanager give an alert: FNV-1a of 64 bits over its labels, 16 hex digits. */
import { type LabelSet, sortedLabels } from '../../../core/alerts/labels.ts'

const OFFSET = 14_695_981_039_346_656_037n
const PRIME = 1_099_511_628_211n
const SEPARATOR = 0xff

/** As `model.LabelSet.Fingerprint` of Prometheus. */
export function alertFingerprint(labels: LabelSet): string {
  let hash = OFFSET
  const add = (byte: number): void => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME)
  }
  for (const pair of sortedLabels(labels)) {
    for (const text of pair) {
      for (const byte of Buffer.from(text, 'utf8')) add(byte)
      add(SEPARATOR)
    }
  }
  return hash.toString(16).padStart(16, '0')
}
