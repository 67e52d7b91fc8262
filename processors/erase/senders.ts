import { existsSync, readFileSync } from 'node:fs'
import { readTokens } from '../../core/auth/tokens-file.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { OPERATOR_TENANT } from '../../core/model/identity.ts'

/** Why new rows of the tenant would keep arriving, as far as this process knows; null: no credential can send any. */
export function whyStillComing(config: Config, tenant: string): string | null {
  const { auth, sensors, scrape, roles, alerts } = config
  const { tokens_file: file } = auth
  if (file === undefined && tenant === OPERATOR_TENANT) {
    return `Without auth.tokens_file, every client on this machine sends for tenant ${tenant}.`
  }
  const tokens = file === undefined || !existsSync(file) ? [] : readTokens(file, readFileSync(file))
  const names = tokens
    .filter(token => token.tenant === tenant && token.scopes.includes('ingest'))
    .map(({ name }) => name || 'without a name')
  if (names.length > 0) {
    return `Tenant ${tenant} still has tokens with scope ingest in ${file}: ${names.join(', ')}.`
  }
  const group = alerts.groups.find(one => one.tenant === tenant)
  if (group !== undefined) {
    return `Alert rules are evaluated for tenant ${tenant} (group ${group.name} of alerts.groups).`
  }
  if (!roles.includes('collector')) return null
  const isMeasured = [sensors.cpu_time, sensors.rapl, sensors.estimate].some(sensor => sensor !== 'off')
  if (isMeasured && sensors.tenant === tenant) {
    return `The sensors of this process measure for tenant ${tenant} (sensors.tenant).`
  }
  const job = scrape.jobs.find(one => one.tenant === tenant)
  return job === undefined ? null : `Scrape job ${job.job_name} scrapes for tenant ${tenant}.`
}
