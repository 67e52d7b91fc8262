import type { ClickHouseFront } from './front.ts'

/** What the process of a test logs in with. */
export const LOGIN = { user: 'wattline', password: 'secret' }

/** The settings of a process that keeps its tables behind a front, or on the cluster of that name. */
export const settingsOf = (front: ClickHouseFront, cluster?: string): Readonly<Record<string, string>> => ({
  WATTLINE_WAREHOUSE_KIND: 'clickhouse',
  WATTLINE_WAREHOUSE_URL: front.urls.join(','),
  WATTLINE_WAREHOUSE_USER: LOGIN.user,
  WATTLINE_WAREHOUSE_PASSWORD: LOGIN.password,
  ...(cluster === undefined ? {} : { WATTLINE_WAREHOUSE_CLUSTER: cluster }),
})
