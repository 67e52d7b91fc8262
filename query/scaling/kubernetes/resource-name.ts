/** Names of resources in paths, from the kinds that policies name. */

/** `deployments.apps` of kind Deployment in `apps/v1`; `pods` of Pod in `v1`. Plurals as apimachinery guesses them. */
export function resourceName(kind: string, apiVersion: string): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : ''
  return `${pluralOf(kind.toLowerCase())}${group}`
}

function pluralOf(kind: string): string {
  if (kind.endsWith('s')) return `${kind}es`
  if (kind.endsWith('y')) return `${kind.slice(0, -1)}ies`
  return `${kind}s`
}
