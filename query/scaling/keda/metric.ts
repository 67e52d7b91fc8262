/** The metric of an answer as KEDA passes it on to the HorizontalPodAutoscaler. */
import type { ScalingAnswer } from '../../../core/scaling/answer.ts'
import type { KedaMetric } from './messages.ts'

/** Target and value of an answer: the autoscaler arrives at `ceil(value / target)` replicas. */
export interface KedaPair {
  readonly spec: KedaMetric
  readonly value: KedaMetric
}

/** Said about a policy that is not known yet, so that KEDA makes its autoscaler, asks for the value and finds the error. */
export const UNKNOWN_SPEC: KedaMetric = { name: 'wattline_replicas', amount: 1, wholeAmount: 1 }

/**
 * KEDA counts in thousandths and cuts off the rest, of target and value alike. Where that would give another number of
 * replicas than the decision, the value is the number times the target as KEDA sees it.
 */
export function kedaPair({ metric, replicas }: Pick<ScalingAnswer, 'metric' | 'replicas'>): KedaPair {
  const { name, target, value } = metric
  const targetMilli = Math.max(1, Math.round(target * 1_000))
  const rounded = Math.max(0, Math.round(value * 1_000))
  const valueMilli = Math.ceil(rounded / targetMilli) === replicas ? rounded : replicas * targetMilli
  const isWhole = Number.isSafeInteger(target) && target >= 1 && Number.isSafeInteger(value) && value >= 0
  const wholeTarget = isWhole ? target : Math.max(1, Math.ceil(target))
  return {
    spec: { name, amount: ofMilli(targetMilli), wholeAmount: wholeTarget },
    value: { name, amount: ofMilli(valueMilli), wholeAmount: isWhole ? value : replicas * wholeTarget },
  }
}

/** The number whose thousandfold, cut off, is `milli`: 4.35 * 1000 is 4349.999... */
function ofMilli(milli: number): number {
  const amount = milli / 1_000
  return Math.trunc(amount * 1_000) < milli ? amount * (1 + Number.EPSILON) : amount
}
