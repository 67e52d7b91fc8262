/** Values of `external.metrics.k8s.io` and `custom.metrics.k8s.io`, from answers in memory. */
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { quoteHeader } from '../../../core/http/quote-header.ts'
import { isoSecond } from '../../../core/model/iso-time.ts'
import type { CurrentAnswer, ScalingAnswers, ScalingObject } from '../../../core/scaling/answer.ts'
import { staleAnswer } from '../fresh.ts'
import { quantityOf } from './quantity.ts'
import { resourceName } from './resource-name.ts'
import { type LabelSelector, parseLabelSelector, selects } from './selector.ts'

/** A namespace that asks, and the tenant whose policies it may see. */
export interface AskedNamespace {
  readonly tenant: string
  readonly namespace: string
}

/** Policies of a tenant that a request without the name of one looks through: about a millisecond. */
const MOST_UNNAMED = 1_000

/** Label of every metric, whatever else a policy says: the name of the policy. */
const POLICY = 'policy'

/** `external.metrics.k8s.io/v1beta1`: an ExternalMetricValueList. @throws WattlineError */
export function externalMetrics(
  answers: ScalingAnswers,
  { tenant, namespace }: AskedNamespace,
  metric: string,
  selectorText: string,
) {
  const selector = parseLabelSelector(selectorText)
  // Objects of a namespace are the business of that namespace.
  const seen = candidates(answers, tenant, selector).filter(
    ({ object }) => object === null || object.namespace === namespace,
  )
  const found = seen.filter(answer => answer.metric.name === metric)
  if (found.length === 0) assertMetricExists(answers, { tenant, namespace }, metric)
  const items = found.filter(answer => selects(selector, labelsOf(answer)))
  assertFresh(items)
  return {
    kind: 'ExternalMetricValueList',
    apiVersion: 'external.metrics.k8s.io/v1beta1',
    metadata: {},
    items: items.map(answer => ({
      metricName: metric,
      metricLabels: labelsOf(answer),
      timestamp: timestampOf(answer),
      value: quantityOf(answer.metric.value),
    })),
  }
}

/** An object in a path of `custom.metrics.k8s.io`. */
export interface AskedObject extends AskedNamespace {
  /** `deployments.apps` */
  readonly resource: string
  /** `*`: all of them. */
  readonly name: string
}

/** Version of the group of custom metrics. */
export type CustomVersion = 'v1beta1' | 'v1beta2'

/** `custom.metrics.k8s.io`: a MetricValueList about objects that policies scale. @throws WattlineError */
export function customMetrics(
  answers: ScalingAnswers,
  asked: AskedObject,
  metric: string,
  { version, metricSelector }: { readonly version: CustomVersion; readonly metricSelector: string },
) {
  const selector = parseLabelSelector(metricSelector)
  const found = candidates(answers, asked.tenant, selector).filter(
    answer => answer.metric.name === metric && answer.object !== null && isAsked(answer.object, asked),
  )
  if (found.length === 0) {
    throw new WattlineError(
      'scaling_policy_unknown',
      `No policy scales ${quoteHeader(`${asked.resource}/${asked.name}`)} of namespace ${quoteHeader(asked.namespace)} with metric ${quoteHeader(metric)}: policies name it in \`object\`.`,
    )
  }
  const items = found.filter(answer => selects(selector, labelsOf(answer)))
  assertFresh(items)
  return {
    kind: 'MetricValueList',
    apiVersion: `custom.metrics.k8s.io/${version}`,
    metadata: {},
    items: items.map(answer => customItem(answer, version)),
  }
}

/** The names of v1beta1 differ from those of v1beta2. */
function customItem(answer: CurrentAnswer, version: CustomVersion) {
  const { object, metric } = answer
  const described = {
    kind: object?.kind,
    namespace: object?.namespace,
    name: object?.name,
    apiVersion: object?.apiVersion,
  }
  const common = { timestamp: timestampOf(answer), value: quantityOf(metric.value) }
  const selector = { matchLabels: labelsOf(answer) }
  return version === 'v1beta1'
    ? { describedObject: described, metricName: metric.name, ...common, selector }
    : { describedObject: described, metric: { name: metric.name, selector }, ...common }
}

/** Resource of the object that a policy scales. */
export const resourceOf = ({ kind, apiVersion }: ScalingObject): string => resourceName(kind, apiVersion)

const isAsked = (object: ScalingObject, { namespace, resource, name }: AskedObject): boolean =>
  object.namespace === namespace && (name === '*' || object.name === name) && resourceOf(object) === resource

/** Without looking at all answers of a tenant where the selector names policies. */
function candidates(
  answers: ScalingAnswers,
  tenant: string,
  selector: LabelSelector,
): readonly CurrentAnswer[] {
  const byName = selector.find(({ key, operator }) => key === POLICY && operator === 'in')
  if (byName === undefined) {
    const count = answers.count(tenant)
    if (count > MOST_UNNAMED) {
      throw new WattlineError(
        'parameter_invalid',
        `There are ${count} scaling policies, and a request that names none looks at ${MOST_UNNAMED} at most. Name the policy in the selector of the metric: policy=NAME.`,
      )
    }
    return answers.list(tenant)
  }
  return [...byName.values].flatMap(name => answers.find(tenant, name) ?? [])
}

const labelsOf = ({ name, metric }: CurrentAnswer): Readonly<Record<string, string>> => ({
  ...metric.labels,
  [POLICY]: name,
})

/** When what the value says was true. */
const timestampOf = ({ asOf, decidedAt }: CurrentAnswer): string => isoSecond(asOf ?? decidedAt)

function assertFresh(items: readonly CurrentAnswer[]): void {
  for (const { name, stale } of items) if (stale !== null) throw staleAnswer(name, stale.text)
}

function assertMetricExists(
  answers: ScalingAnswers,
  { tenant, namespace }: AskedNamespace,
  metric: string,
): void {
  // Of more policies than a request may look through, only those that it names are known.
  const seen = answers.count(tenant) > MOST_UNNAMED ? [] : answers.list(tenant)
  const known = seen.some(
    one => one.metric.name === metric && (one.object === null || one.object.namespace === namespace),
  )
  if (known) return
  throw new WattlineError(
    'scaling_policy_unknown',
    `No policy that namespace ${quoteHeader(namespace)} may see has metric ${quoteHeader(metric)}.`,
  )
}
