import { MAX_QUERY_BYTES } from '../fence/fence.ts'
import type { RowPolicy } from '../fence/policies.ts'

/** A bucket that does not answer fails a query within seconds; by default the engine goes on trying for minutes. */
const S3_SETTINGS =
  '<s3_retry_attempts>2</s3_retry_attempts><s3_connect_timeout_ms>2000</s3_connect_timeout_ms><s3_request_timeout_ms>10000</s3_request_timeout_ms>'

/**
 * The engine's users file: the one user of every session, and the row policies. The embedded engine has no other place
 * for them; a policy without a table name covers the whole database.
 */
export const engineUsersXml = (databases: ReadonlyMap<string, readonly RowPolicy[]>): string =>
  [
    '<clickhouse>',
    `  <profiles><default><max_query_size>${MAX_QUERY_BYTES}</max_query_size>${S3_SETTINGS}</default></profiles>`,
    '  <quotas><default/></quotas>',
    '  <users>',
    '    <default>',
    '      <password/>',
    '      <networks><ip>::/0</ip></networks>',
    '      <profile>default</profile>',
    '      <quota>default</quota>',
    '      <databases>',
    ...[...databases].flatMap(([database, policies]) => [
      `        <${database}>`,
      ...policies.map(
        ({ table, filter }) =>
          `          <table name="${escaped(table ?? '')}"><filter>${escaped(filter)}</filter></table>`,
      ),
      `        </${database}>`,
    ]),
    '      </databases>',
    '    </default>',
    '  </users>',
    '</clickhouse>',
    '',
  ].join('\n')

/** Escapes text for XML, including double quotes. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
