/** Whose policies an autoscaler may ask for: Kubernetes says in which namespace it asks. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { quoteHeader } from '../../core/http/quote-header.ts'
import { wildcard } from '../../core/model/wildcard.ts'

/** One of `autoscalers.namespaces`. */
export interface NamespaceRule {
  /** Namespace, `*` as wildcard. */
  readonly match: string
  readonly tenant: string
}

/** The tenant of a namespace, by the first rule that matches. @throws WattlineError `forbidden` if none does */
export type NamespaceTenants = (namespace: string) => string

/** Reads the rules once. */
export function namespaceTenants(rules: readonly NamespaceRule[]): NamespaceTenants {
  const matchers = rules.map(({ match, tenant }) => ({ matches: wildcard(match), tenant }))
  return namespace => {
    const found = matchers.find(({ matches }) => matches(namespace))
    if (found !== undefined) return found.tenant
    throw new WattlineError(
      'forbidden',
      `Namespace ${quoteHeader(namespace)} has no tenant: add it to autoscalers.namespaces.`,
    )
  }
}
